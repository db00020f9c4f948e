import { describe, expect, test, vi } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, type HandshakeMode } from '../../../core/index.ts';
import {
  connect,
  memoryStorage,
  MIN_ROTATE_AFTER_MS,
  type ConnectOptions,
  type Fetch,
  type GrantedRole,
  type Group,
  type Session,
  type Storage,
  type TimelineItem,
} from '../../../sdk/index.ts';
import { platformOf } from '../../../sdk/platform.ts';
import { relayInIsolate } from '../../model/relay.workerd.ts';

const WEEK_MS = 7 * DAY_MS;
/** What turns are spread over after a week. */
const SPREAD_MS = WEEK_MS / 8;
/** After which an attempt that failed is made again. */
const PAUSE_MS = WEEK_MS / 64;

const relay = relayInIsolate();
let ahead = 0;

/** For the relay and for everyone. */
function pass(ms: number): void {
  ahead += ms;
  relay.setClock!(ahead);
}

type Options = Partial<ConnectOptions>;

/** As long as the wait for a renewal at the least: only where a test says so does that end before the renewal does. */
const LONG_WAIT_MS = 3_000;
const patient: NonNullable<Options['delay']> = (ms, signal) =>
  platformOf({}).delay(ms < LONG_WAIT_MS ? ms : Math.max(ms, HOUR_MS), signal);

interface Person {
  readonly storage: Storage;
  readonly session: Session;
  readonly group: Group;
}

function enter(storage: Storage, options: Options = {}): Promise<Session> {
  const { fetch, webSocket } = relay.wire;
  return connect({ ...relay.platform, relay: relay.url, storage, fetch, webSocket, delay: patient, ...options });
}

async function newcomer(options: Options = {}): Promise<Omit<Person, 'group'>> {
  const storage = memoryStorage();
  const session = await enter(storage, options);
  await session.createIdentity();
  return { storage, session };
}

/** The same person in another process. */
async function reopen({ storage, session, group }: Person, options: Options = {}): Promise<Person> {
  session.close();
  const next = await enter(storage, options);
  return { storage, session: next, group: await next.group(group.id) };
}

/** Alice, leaf 0, and whoever she lets in by one commit, which begins epoch 1. */
async function groupOf(
  hers: Options = {},
  his: Options = {},
  { role = 'member', handshakes = 'public' }: { role?: GrantedRole; handshakes?: HandshakeMode } = {},
): Promise<[Person, Person]> {
  const [alice, bob] = [await newcomer(hers), await newcomer(his)];
  const group = await alice.session.createGroup({ handshakes });
  await group.invite(bob.session.identity!.actor, role);
  return [
    { ...alice, group },
    { ...bob, group: await join(bob.session, group.id) },
  ];
}

/** Mail goes out a little after the commit, once the relay has its next job to do. */
async function join(session: Session, id: string): Promise<Group> {
  for (let attempt = 0; attempt < 20; attempt++) {
    pass(1_000);
    await relay.runJobs!({ kind: 'chain', name: id });
    const invitation = (await session.invitations()).find(({ group }) => group === id);
    if (invitation !== undefined) return invitation.accept();
  }
  throw new Error('no invitation came');
}

async function epochOf(group: Group): Promise<number> {
  return (await group.view()).epoch;
}

/** What a look at the group brings it to. */
async function look({ group }: Person): Promise<number> {
  await group.catchUp();
  return epochOf(group);
}

async function last(group: Group): Promise<TimelineItem | undefined> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline({ last: 1 })) items.push(item);
  return items[0];
}

/** A line that can be cut where commits go. */
function lineFor(onCommit: () => Promise<void>): Fetch {
  return async (url, init) => {
    if (url.endsWith('/commits')) await onCommit();
    return relay.wire.fetch(url, init);
  };
}

/** Between attempts of a request nobody has to wait. */
const hasty: NonNullable<Options['delay']> = (ms, signal) => patient(ms < LONG_WAIT_MS ? 1 : ms, signal);

describe('a key in an encrypted group', () => {
  test('[CL42] is renewed by its own device once it is old and its turn has come, not before', async () => {
    // So long that a turn is longer than any step of this test takes.
    const period = 64 * WEEK_MS;
    const turn = period / 8 / 2048;
    const [alice, bob] = await groupOf({ rotateAfterMs: period }, { rotateAfterMs: period });
    const { relayTime } = (await last(alice.group))!;
    // Alice’s turn is the second; Bob’s is the third, after a KeyPackage that is a little older.
    const passTo = (turns: number): void => pass(relayTime + period + turns * turn - Date.now());
    passTo(0);
    expect([await look(alice), await look(bob)]).toEqual([1, 1]);
    passTo(1.7);
    expect([await look(alice), await look(bob)]).toEqual([1, 1]);
    passTo(2.1);
    expect(await look(alice)).toBe(2);
    expect(await last(alice.group)).toMatchObject({ kind: 'members-changed', isMine: true, added: [], removed: [] });
    expect([await look(alice), await look(bob)]).toEqual([2, 2]);
    passTo(3.1);
    expect([await look(bob), await look(alice)]).toEqual([3, 3]);
    await Promise.all([alice.group.send('hers'), bob.group.send('his')]);
    expect(await look(alice)).toBe(3);
  });

  test('[CL42] is as old for the next process as for the one before, whatever it was made by', async () => {
    const [alice, bob] = await groupOf();
    pass(WEEK_MS + SPREAD_MS);
    expect(await look(await reopen(alice))).toBe(2);
    expect(await look(await reopen(bob))).toBe(3);
    pass(WEEK_MS / 2);
    const [hers, his] = [await reopen(alice), await reopen(bob)];
    expect([await look(hers), await look(his)]).toEqual([3, 3]);
    // What the caller does counts like what the session did by itself.
    await hers.group.rotate();
    pass(WEEK_MS / 2 + SPREAD_MS);
    expect(await look(await reopen(his))).toBe(5);
    const again = await reopen(hers);
    expect(await look(again)).toBe(5);
    pass(WEEK_MS / 2);
    expect(await look(again)).toBe(6);
  });

  test('[CL42] of a storage that has no record of it counts from the entry that let its device in', async () => {
    const [alice, bob] = await groupOf();
    for (const { storage, group } of [alice, bob]) {
      await storage.commit([{ key: `chain/${group.id}/own-leaf`, value: undefined }]);
    }
    pass(WEEK_MS - MINUTE_MS);
    expect([await look(await reopen(alice)), await look(await reopen(bob))]).toEqual([1, 1]);
    pass(SPREAD_MS);
    expect([await look(await reopen(alice)), await look(await reopen(bob))]).toEqual([2, 3]);
  });

  test('[CL42] [ML104] is renewed where the relay can’t read handshakes too, and not by who has no key to do it with', async () => {
    const [alice, bob] = await groupOf({}, {}, { handshakes: 'opaque' });
    const old = await bob.storage.read(`chain/${bob.group.id}/mls`);
    pass(WEEK_MS + SPREAD_MS);
    expect([await look(alice), await look(bob)]).toEqual([2, 3]);
    await alice.group.send('by keys that are new');
    await bob.group.send('to both of us');
    expect(await look(alice)).toBe(3);
    expect(await last(alice.group)).toMatchObject({ kind: 'message', text: 'to both of us' });
    // Bob's storage comes back from a copy that was older: he is on no way back, and renews nothing (`RC11`).
    await bob.storage.commit([{ key: `chain/${bob.group.id}/mls`, value: old }]);
    pass(WEEK_MS + SPREAD_MS);
    const again = await reopen(bob);
    expect([await look(alice), await look(again)]).toEqual([4, 4]);
    expect((await again.group.view()).status.kind).toBe('lost');
    pass(WEEK_MS / 2);
    expect(await look(again)).toBe(4);
  });

  test('[CL42] is left to readers and leavers as it is, and to whoever said so, group by group', async () => {
    let kept = '';
    const chosen = (id: string) => (id === kept ? ('off' as const) : MIN_ROTATE_AFTER_MS);
    const [alice, bob] = await groupOf({ rotateAfterMs: 'off' }, { rotateAfterMs: chosen }, { role: 'reader' });
    pass(2 * WEEK_MS);
    expect([await look(alice), await look(bob)]).toEqual([1, 1]);
    await alice.group.changeRole(bob.session.identity!.actor, 'member');
    expect(await look(bob)).toBe(2);
    const second = await alice.session.createGroup();
    kept = second.id;
    await second.invite(bob.session.identity!.actor);
    const his = await join(bob.session, second.id);
    pass(2 * WEEK_MS);
    expect(await look({ ...bob, group: his })).toBe(1);
    expect(await look(bob)).toBe(3);
    await bob.group.leave();
    pass(2 * WEEK_MS);
    expect(await look(bob)).toBe(3);
  });

  test('[CL42] is renewed by who follows live at its time, without a call, and no timer outlives the reading', async () => {
    const waits: { readonly ms: number; readonly wake: () => void }[] = [];
    /** Long waits end when the test says so, and are gone when nobody waits any more. */
    const delay: Options['delay'] = (ms, signal) => {
      if (ms < 10 * MINUTE_MS) return platformOf({}).delay(ms, signal);
      return new Promise((resolve, reject) => {
        const wait = { ms, wake: resolve };
        waits.push(wait);
        signal?.addEventListener('abort', () => {
          if (waits.includes(wait)) waits.splice(waits.indexOf(wait), 1);
          reject(signal.reason as Error);
        });
      });
    };
    const [alice] = await groupOf({ delay });
    const reading = alice.group.timeline({ live: true, from: 3 });
    const item = reading.next();
    await vi.waitFor(() => expect(waits).toHaveLength(1), 60_000);
    expect(waits[0]!.ms).toBe(60 * MINUTE_MS);
    pass(WEEK_MS - MINUTE_MS);
    waits.shift()!.wake();
    // The rest is less than an hour, and short waits are real.
    pass(MINUTE_MS + SPREAD_MS);
    expect((await item).value).toMatchObject({ kind: 'members-changed', isMine: true });
    await vi.waitFor(() => expect(waits).toHaveLength(1), 60_000);
    await reading.return?.();
    await vi.waitFor(() => expect(waits).toHaveLength(0), 60_000);
  });
});

describe('a renewal that nobody asked for', () => {
  test('[CL43] that loses its epoch says nothing, and is made again at the next time', async () => {
    let others = (): Promise<unknown> => Promise.resolve();
    const fetch = lineFor(async () => {
      const first = others;
      others = () => Promise.resolve();
      await first();
    });
    const [alice, bob] = await groupOf({ fetch });
    pass(WEEK_MS + SPREAD_MS);
    others = () => look(bob);
    expect(await look(alice)).toBe(2);
    expect(await last(alice.group)).toMatchObject({ actor: bob.session.identity!.actor });
    await alice.group.send('on we go');
    pass(PAUSE_MS);
    expect(await look(alice)).toBe(2);
    pass(PAUSE_MS);
    expect(await look(alice)).toBe(3);
    expect(await look(bob)).toBe(3);
  });

  test('[CL43] that fails disturbs neither reading nor sending, and is made again later', async () => {
    let commits = 0;
    let isCut = false;
    const fetch = lineFor(async () => {
      if (isCut) commits += 1;
      if (isCut) throw new TypeError('the line is cut');
    });
    const [alice, bob] = await groupOf({ fetch, delay: hasty });
    isCut = true;
    pass(WEEK_MS + SPREAD_MS);
    await bob.group.send('one');
    expect(await look(alice)).toBe(2);
    expect(commits).toBeGreaterThan(0);
    const tried = commits;
    await alice.group.send('two');
    await bob.group.catchUp();
    expect(await last(bob.group)).toMatchObject({ kind: 'message', text: 'two' });
    expect(commits).toBe(tried);
    isCut = false;
    pass(2 * PAUSE_MS);
    expect(await look(alice)).toBe(3);
    expect(await look(bob)).toBe(3);
  });

  test('[CL43] holds nobody up for long where the relay does not answer it', async () => {
    const unanswered: (() => void)[] = [];
    let isSilent = false;
    let tire: () => void = () => undefined;
    const tired = new Promise<void>((resolve) => (tire = resolve));
    const fetch = lineFor(async () => {
      if (!isSilent) return;
      tire();
      await new Promise<void>((resolve) => unanswered.push(resolve));
    });
    /** Patience is over once the request is on its way, however long that took. */
    const delay: Options['delay'] = (ms, signal) => (ms < LONG_WAIT_MS ? patient(ms, signal) : tired);
    const [alice] = await groupOf({ fetch, delay });
    pass(WEEK_MS + SPREAD_MS);
    isSilent = true;
    expect(await look(alice)).toBe(1);
    expect(unanswered).toHaveLength(1);
    // It goes on by itself.
    unanswered[0]!();
    await vi.waitFor(async () => expect(await epochOf(alice.group)).toBe(2), 60_000);
  });
});

test.each([0, 59 * MINUTE_MS, Infinity, Number.NaN, -WEEK_MS])('a period of %d ms is none', async (rotateAfterMs) => {
  await expect(enter(memoryStorage(), { rotateAfterMs })).rejects.toThrow(RangeError);
});
