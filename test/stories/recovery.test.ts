import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseGroupInfo } from '../../core/mls/index.ts';
import { memoryStorage, type Group, type Session, type Storage, type TimelineItem } from '../../sdk/index.ts';
import { secretOf } from './exporter.ts';
import { garblePathSecrets } from './garbled-paths.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
}, 60_000);
afterAll(() => stage.strike());

interface Person {
  readonly session: Session;
  readonly storage: Storage;
  readonly group: Group;
}

const actorOf = ({ session }: Pick<Person, 'session'>): string => session.identity!.actor;

/** Whoever founds a group, and those whom they invite. `fetch` is what the founder's requests go through. */
async function groupOf(
  size: number,
  { role = 'member', fetch }: { role?: 'member' | 'admin'; fetch?: typeof globalThis.fetch } = {},
) {
  const sessions = await Promise.all(
    Array.from({ length: size }, async (_, index) => {
      const storage = memoryStorage();
      const session = await stage.connect(storage, undefined, index === 0 && fetch ? { fetch } : {});
      await session.createIdentity();
      return { session, storage };
    }),
  );
  const [first, ...others] = sessions as [Omit<Person, 'group'>, ...Omit<Person, 'group'>[]];
  const group = await first.session.createGroup();
  await group.invite(others.map(actorOf), role);
  const joined = others.map(async (other) => ({
    ...other,
    group: await (await invitationTo(other.session, group.id)).accept(),
  }));
  return [{ ...first, group }, ...(await Promise.all(joined))] as [Person, Person, Person, ...Person[]];
}

/** Mallory rotates with a client that seals what nobody can open; the relay has no way to see that. */
function faultyFetch() {
  let end = (): void => undefined;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (new Request(input, init).url.endsWith('/commits')) end();
    return globalThis.fetch(input, init);
  };
  const rotate = async ({ group }: Person) => {
    ({ end } = await garblePathSecrets());
    return group.rotate();
  };
  return { fetch, rotate };
}

async function itemsOf(group: Group): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

const epochOf = async ({ group }: Person): Promise<number> => (await group.view()).epoch;
const caughtUp = (people: readonly Person[]): Promise<unknown> =>
  Promise.all(people.map(({ group }) => group.catchUp()));

async function assertOneGroup(people: readonly Person[]): Promise<void> {
  // Who reads of a commit that it can't follow makes one itself, which the others have to read then.
  await caughtUp(people);
  await caughtUp(people);
  expect(new Set(await Promise.all(people.map(epochOf))).size).toBe(1);
  const secrets = await Promise.all(people.map(({ storage, group }) => secretOf(storage, group.id)));
  expect(new Set(secrets).size).toBe(1);
  for (const { group } of people) expect((await group.view()).status.kind).toBe('member');
}

describe('a member whose client signs path secrets that nobody can open', () => {
  test('[RC3] [RC4] [RC6] is reported by the others, who come back in and go on; the log shows who did it', async () => {
    const { fetch, rotate } = faultyFetch();
    const people = await groupOf(5, { fetch });
    const [mallory, ...others] = people;
    await others[0].group.send('all is well');
    const { index } = await rotate(mallory);
    const began = performance.now();
    await caughtUp(others);
    await Promise.all(others.map(({ group }, i) => group.send(`${i} goes on`)));
    expect(performance.now() - began).toBeLessThan(5_000);
    await assertOneGroup(people);
    for (const { group } of people) {
      const reports = await group.reports();
      expect(reports.map(({ reporter }) => reporter).sort()).toEqual(others.map(actorOf).sort());
      for (const report of reports) {
        expect(report).toMatchObject({ commit: index, committer: actorOf(mallory), fault: 'path-secret' });
      }
      const texts = await textsOf(group);
      expect(texts.filter((text) => text.endsWith('goes on'))).toHaveLength(others.length);
    }
    const [, bob] = people;
    const items = await itemsOf(bob.group);
    expect(items.find((item) => item.index === index)).toMatchObject({
      unread: 'unprocessable',
      actor: actorOf(mallory),
    });
    expect(items.filter(({ kind }) => kind === 'resynced')).toHaveLength(others.length);
    expect(items.filter(({ kind }) => kind === 'commit-reported')).toHaveLength(others.length);
  });

  test('[RC7] what was sent in keys that a member did not have stays sealed for it, and says why', async () => {
    const { fetch, rotate } = faultyFetch();
    const [mallory, bob] = await groupOf(3, { fetch });
    await bob.group.send('before');
    await rotate(mallory);
    await mallory.group.send('to nobody');
    await bob.group.catchUp();
    await mallory.group.catchUp();
    await mallory.group.send('to all again');
    await bob.group.catchUp();
    expect(await textsOf(bob.group)).toEqual(['before', '[lost-epoch]', 'to all again']);
  });

  test('[RC4] a live reader comes back by itself, and what was posted meanwhile is sent', async () => {
    const { fetch, rotate } = faultyFetch();
    const people = await groupOf(3, { fetch });
    const [mallory, bob, cem] = people;
    const seen: string[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const item of bob.group.timeline({ live: true, signal: stop.signal })) {
        seen.push(item.kind);
        if (item.kind === 'message' && item.text === 'welcome back') break;
      }
    })();
    await rotate(mallory);
    await bob.group.post('from the other side');
    await cem.group.catchUp();
    await cem.group.send('welcome back');
    await reading;
    expect(seen).toContain('resynced');
    await bob.group.outboxRoom();
    await bob.session.inbox();
    await assertOneGroup(people);
    expect(await textsOf(mallory.group)).toEqual(expect.arrayContaining(['from the other side', 'welcome back']));
  });
});

describe('the way back', () => {
  test('[RC5] is not taken for a lost race: what is to be done then is a choice', async () => {
    const [alice, bob, cem] = await groupOf(3, { role: 'admin' });
    const lost: unknown[] = [];
    const seeing = (race: unknown) => (lost.push(race), 'give-up' as const);
    const outcomes = await Promise.allSettled([
      alice.group.rotate({ onLostRace: 'give-up' }),
      bob.group.rotate({ onLostRace: 'give-up' }),
      cem.group.rotate({ onLostRace: seeing }),
    ]);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'commit-lost' } });
    for (const race of lost) expect(race).toMatchObject({ epoch: 2, added: [], removed: [], attempt: 1 });
    expect(refused.length).toBeGreaterThan(0);
    await assertOneGroup([alice, bob, cem]);
    const kinds = (await itemsOf(alice.group)).map(({ kind }) => kind);
    expect(kinds).not.toContain('resynced');
    expect(kinds).not.toContain('commit-reported');
  });

  test('[RC5] who discards and retries invites with other KeyPackages, on top of the winner', async () => {
    const [alice, bob] = await groupOf(3, { role: 'admin' });
    const dan = await stage.person();
    const [invited] = await Promise.all([
      alice.group.invite(dan.identity!.actor, 'member', { onLostRace: 'discard-and-retry' }),
      bob.group.rotate(),
    ]);
    expect(invited.actors).toEqual([{ actor: dan.identity!.actor, outcome: 'invited' }]);
    const group = await (await invitationTo(dan, alice.group.id)).accept();
    await group.send('here');
    await bob.group.catchUp();
    expect((await textsOf(bob.group)).at(-1)).toBe('here');
  });

  test('[CL8] [RC8] is finished by the next process where the first was killed on it', async () => {
    const { fetch, rotate } = faultyFetch();
    const [mallory, bob, cem] = await groupOf(3, { fetch });
    await rotate(mallory);
    bob.session.close();
    let answers = 0;
    // The commit gets through, and its answer doesn't.
    const deaf: typeof globalThis.fetch = async (input, init) => {
      const answer = await globalThis.fetch(input, init);
      if (!new Request(input, init).url.endsWith('/commits')) return answer;
      answers++;
      throw new TypeError('the line is cut');
    };
    const first = await stage.connect(bob.storage, undefined, { fetch: deaf, delay: () => Promise.resolve() });
    const lost = await first.group(bob.group.id);
    await lost.catchUp();
    expect(answers).toBeGreaterThan(0);
    first.close();
    const session = await stage.connect(bob.storage);
    const group = await session.group(bob.group.id);
    await group.send('back');
    await assertOneGroup([mallory, { session, storage: bob.storage, group }, cem]);
    const mine = (await itemsOf(group)).filter(({ kind, isMine }) => kind === 'resynced' && isMine);
    expect(mine).toHaveLength(1);
  });

  test('[RC2] begins with the GroupInfo in force, and the one before is there for whoever checks a report', async () => {
    const [alice, bob] = await groupOf(3);
    await alice.group.rotate();
    await alice.group.rotate();
    const epochOfAnswer = async (query: string): Promise<number | undefined> => {
      const answer = await bob.session.request('GET', `/v1/chains/${alice.group.id}/group-info${query}`);
      const parsed = parseGroupInfo(new Uint8Array(await answer.arrayBuffer()));
      return parsed.ok ? parsed.value.epoch : undefined;
    };
    expect(await Promise.all(['', '?epoch=3', '?epoch=2', '?epoch=1'].map(epochOfAnswer))).toEqual([
      3,
      3,
      2,
      undefined,
    ]);
  });
});
