import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  MAX_OUTGOING_MESSAGES,
  memoryStorage,
  NetworkError,
  RelayChangedError,
  type DeliveryState,
  type Group,
  type OutgoingMessage,
  type Session,
  type Storage,
} from '../../sdk/index.ts';
import { Proxy } from './proxy.ts';
import { soleInvitation, Stage, textsOf } from './stage.ts';

let stage: Stage;
let alice: Session;

beforeAll(async () => {
  stage = await Stage.share();
  alice = await stage.person();
});

afterAll(() => stage.strike());

let proxy: Proxy;
let storage: Storage;
let bob: Session;
let hers: Group;
let his: Group;

/** Bob's way to the relay can be cut; Alice reads what arrives. */
beforeEach(async () => {
  proxy = await Proxy.before(stage.relay.url);
  storage = memoryStorage();
  bob = await stage.connect(storage, proxy.url);
  await bob.createIdentity();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
});

afterEach(() => proxy.close());

/** Further than the relay lets a signature be from its own clock. */
const WRONG_BY_MS = 3_600_000;

const goOffline = (): void => void (proxy.block = () => true);
const goOnline = (): void => void (proxy.block = undefined);
const statesOf = async (group: Group): Promise<string[]> =>
  (await group.pending()).map(({ text, state }) => `${text} ${state.kind}`);

/** Watches until every message of this process came to its end; gives the states of each in their order. */
async function watchUntil(group: Group, count: number): Promise<Map<string, DeliveryState[]>> {
  const seen = new Map<string, DeliveryState[]>();
  let ended = 0;
  for await (const { text = '', state } of group.outgoing()) {
    seen.set(text, [...(seen.get(text) ?? []), state]);
    if (['delivered', 'failed', 'cancelled'].includes(state.kind)) ended++;
    if (ended === count) break;
  }
  return seen;
}

/** Waits for what is there or comes. */
async function change(group: Group, isWanted: (message: OutgoingMessage) => boolean): Promise<void> {
  for await (const message of group.outgoing()) if (isWanted(message)) return;
}

describe('an outbox', () => {
  test('[CL17, CL18] what is written without a connection waits, and goes by itself, in order and once', async () => {
    goOffline();
    for (let i = 1; i <= 40; i++) await his.post(`message ${i}`);
    expect((await statesOf(his))[39]).toBe('message 40 queued');
    const watched = watchUntil(his, 40);
    goOnline();
    const states = await watched;
    expect(states.get('message 1')!.map(({ kind }) => kind)).toEqual(['queued', 'sent', 'delivered']);
    expect(await his.pending()).toEqual([]);
    await hers.catchUp();
    const texts = Array.from({ length: 40 }, (_, i) => `message ${i + 1}`);
    expect(await textsOf(hers)).toEqual(texts);
    expect(await textsOf(his)).toEqual(texts);
  });

  test('[CL17] another process sends what an earlier one had only written, once it connects', async () => {
    goOffline();
    for (const word of ['one', 'two', 'three']) await his.post(word);
    bob.close();
    await expect(his.post('four')).rejects.toMatchObject({ code: 'session-closed' });
    goOnline();
    const again = await stage.connect(storage, proxy.url);
    await again.inbox();
    expect(await (await again.group(hers.id)).pending()).toEqual([]);
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['one', 'two', 'three']);
  });

  test('[CL17] what waited is for the members of the moment in which it leaves', async () => {
    const carol = await stage.person();
    goOffline();
    await his.post('late');
    await hers.invite(carol.identity!.actor);
    goOnline();
    const carols = await (await soleInvitation(carol)).accept();
    await bob.inbox();
    await carols.catchUp();
    expect(await textsOf(carols)).toEqual(['late']);
  });

  test('[CL18] an unknown outcome holds up what follows, and the same bytes go again first', async () => {
    await his.catchUp();
    proxy.tamper = ({ path }) => (path.endsWith('/events') ? 'lost' : undefined);
    await expect(his.send('first')).rejects.toMatchObject({ name: 'NetworkError', advice: { kind: 'wait' } });
    await his.post('second');
    expect(await statesOf(his)).toEqual(['first sent', 'second queued']);
    const [first, second] = await his.pending();
    expect(await his.cancel(first!.eventId)).toBe(false);
    expect(await his.cancel(second!.eventId)).toBe(true);
    await his.post('third');
    proxy.tamper = undefined;
    await his.send('fourth');
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['first', 'third', 'fourth']);
    expect(await his.pending()).toEqual([]);
  });

  describe('of somebody whose clock goes wrong', () => {
    let offsetMs: number;

    beforeEach(async () => {
      offsetMs = 0;
      bob.close();
      bob = await stage.connect(storage, proxy.url, { now: () => Date.now() + offsetMs });
      his = await bob.group(hers.id);
      await his.catchUp();
    });

    test('[CL18] refused for who asks, a message that may have arrived is kept', async () => {
      proxy.tamper = ({ method, path }) => {
        if (method !== 'POST' || !path.endsWith('/events')) return undefined;
        offsetMs = WRONG_BY_MS;
        return 'lost';
      };
      await expect(his.send('arrived')).rejects.toBeInstanceOf(NetworkError);
      expect(await statesOf(his)).toEqual(['arrived sent']);
      proxy.tamper = undefined;
      await expect(bob.inbox()).rejects.toMatchObject({ code: 'signature-expired' });
      expect(await statesOf(his)).toEqual(['arrived sent']);
      offsetMs = 0;
      await bob.inbox();
      await hers.catchUp();
      expect(await textsOf(hers)).toEqual(['arrived']);
      expect(await his.pending()).toEqual([]);
    });

    test('[CL19] what never left is given back to who waits for it, and kept for who does not', async () => {
      offsetMs = WRONG_BY_MS;
      await his.post('later');
      await expect(his.send('now')).rejects.toMatchObject({ code: 'signature-expired' });
      expect(await statesOf(his)).toEqual(['later queued']);
      offsetMs = 0;
      await bob.inbox();
      await expect.poll(() => his.pending()).toEqual([]);
      await hers.catchUp();
      expect(await textsOf(hers)).toEqual(['later']);
    });
  });

  test('[CL19] over a live connection each message goes through its states as well', async () => {
    const live = hers.messages({ live: true });
    const following = live.next();
    await hers.send('hello');
    await following;
    const watched = watchUntil(hers, 1);
    await hers.post('and again');
    const states = (await watched).get('and again')!;
    expect(states[0]?.kind).toBe('queued');
    expect(states.at(-1)).toMatchObject({ kind: 'delivered', index: 4 });
    await live.return?.();
  });

  test('[CL19] what is refused for good is kept until it is tried again or forgotten, and holds up nothing', async () => {
    await hers.changeRole(bob.identity!.actor, 'reader');
    await his.catchUp();
    await his.post('may I?');
    await change(his, ({ state }) => state.kind === 'failed');
    const [refused] = await his.pending();
    expect(refused).toMatchObject({ text: 'may I?', state: { kind: 'failed', code: 'not-permitted' } });
    await expect(his.send('and I?')).rejects.toMatchObject({ code: 'not-permitted', advice: { kind: 'ask' } });
    expect(await statesOf(his)).toEqual(['may I? failed']);
    await hers.changeRole(bob.identity!.actor, 'member');
    await his.catchUp();
    await his.send('now');
    expect(await his.retry(refused!.eventId)).toBe(true);
    await bob.inbox();
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['now', 'may I?']);
    expect(await his.retry(refused!.eventId)).toBe(false);
  });

  test('[CL20] a full outbox says so, and tells when there is room', async () => {
    goOffline();
    for (let i = 0; i < MAX_OUTGOING_MESSAGES; i++) await his.post(`${i}`);
    await expect(his.post('too many')).rejects.toMatchObject({ code: 'outbox-full', advice: { kind: 'wait' } });
    const room = his.outboxRoom();
    const given = AbortSignal.abort(new Error('gave up'));
    await expect(his.outboxRoom({ signal: given })).rejects.toThrow('gave up');
    const [oldest] = await his.pending();
    expect(await his.cancel(oldest!.eventId)).toBe(true);
    await room;
    await his.post('one more');
    expect(await his.pending()).toHaveLength(MAX_OUTGOING_MESSAGES);
  });

  test('who stops waiting stops nothing: the message goes all the same', async () => {
    goOffline();
    const patience = new AbortController();
    const kept = change(his, ({ state }) => state.kind === 'queued');
    void kept.then(() => patience.abort(new Error('gave up')));
    await expect(his.send('still', { signal: patience.signal })).rejects.toThrow('gave up');
    expect(await statesOf(his)).toEqual(['still queued']);
    goOnline();
    await bob.inbox();
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['still']);
  });

  test('[CL1, CL24] a session begins without the relay, and tells nothing to whoever answers in its place', async () => {
    bob.close();
    goOffline();
    await expect(stage.connect(storage, proxy.url)).rejects.toBeInstanceOf(NetworkError);
    await expect(stage.connect(memoryStorage(), proxy.url, { offline: true })).rejects.toBeInstanceOf(NetworkError);
    const again = await stage.connect(storage, proxy.url, { offline: true });
    expect(again.relay).toMatchObject({ name: stage.relay.name, version: undefined });
    const group = await again.group(his.id);
    await group.post('written in a tunnel');

    proxy.seen.length = 0;
    proxy.tamper = ({ path, body }) => {
      if (path !== '/v1/relay') return undefined;
      return Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), name: 'elsewhere.example' }));
    };
    goOnline();
    await expect(group.catchUp()).rejects.toBeInstanceOf(RelayChangedError);
    expect([...new Set(proxy.seen.map(({ path }) => path))]).toEqual(['/v1/relay']);
    expect(await statesOf(group)).toEqual(['written in a tunnel queued']);

    proxy.tamper = undefined;
    await Promise.all([change(group, ({ state }) => state.kind === 'delivered'), group.catchUp()]);
    await hers.catchUp();
    expect(await textsOf(hers)).toEqual(['written in a tunnel']);
  });
});
