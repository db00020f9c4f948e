import { decodeMlsMessage } from 'ts-mls/message.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Group, TimelineItem } from '../../sdk/index.ts';
import { fuzzSeed } from '../fuzz/fuzz-seed.ts';
import { walk } from './crowd.ts';
import { bendPathKeys, garblePathSecrets } from './garbled-paths.ts';
import { actorOf, assertOneGroup, caughtUp, faultyFetch, groupOf } from './recovery-cast.ts';
import { invitationTo, Stage, textsOf } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.share();
});
afterAll(() => stage.strike());

async function itemsOf(group: Group): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  for await (const item of group.timeline()) items.push(item);
  return items;
}

describe('a member whose client signs a path that nobody can follow', () => {
  test.each([
    ['path-secret', garblePathSecrets],
    ['path-keys', bendPathKeys],
  ])('[RC3] [RC4] [RC6] is reported for its %s by the others, who come back in and go on', async (fault, spoil) => {
    const { fetch, rotate } = faultyFetch(spoil);
    const people = await groupOf(stage, 4, { fetch });
    const [mallory, ...others] = people;
    await others[0].group.send('all is well');
    const { index } = await rotate(mallory);
    await caughtUp(others);
    await Promise.all(others.map(({ group }, i) => group.send(`${i} goes on`)));
    await assertOneGroup(people);
    for (const { group } of people) {
      const reports = await group.reports();
      expect(reports.map(({ reporter }) => reporter).sort()).toEqual(others.map(actorOf).sort());
      for (const report of reports) {
        expect(report).toMatchObject({ commit: index, committer: actorOf(mallory), fault });
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
    const [mallory, bob] = await groupOf(stage, 3, { fetch });
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
    const people = await groupOf(stage, 3, { fetch });
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
    // What is sent before he is back stays sealed for him.
    await vi.waitFor(() => expect(seen).toContain('resynced'), { timeout: 60_000 });
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
    const [alice, bob, cem] = await groupOf(stage, 3, { role: 'admin' });
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
    const [alice, bob] = await groupOf(stage, 3, { role: 'admin' });
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
    const [mallory, bob, cem] = await groupOf(stage, 3, { fetch });
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
    const [alice, bob] = await groupOf(stage, 3);
    await alice.group.rotate();
    await alice.group.rotate();
    const epochOfAnswer = async (query: string): Promise<number | undefined> => {
      const answer = await bob.session.request('GET', `/v1/chains/${alice.group.id}/group-info${query}`);
      const message = decodeMlsMessage(new Uint8Array(await answer.arrayBuffer()), 0)?.[0];
      return message?.wireformat === 'mls_group_info' ? Number(message.groupInfo.groupContext.epoch) : undefined;
    };
    expect(await Promise.all(['', '?epoch=3', '?epoch=2', '?epoch=1'].map(epochOfAnswer))).toEqual([
      3,
      3,
      2,
      undefined,
    ]);
  });
});

test('[RC4] [RC5] four clients end in one epoch, whatever races, lost answers and losses of keys there were', async () => {
  const outcome = await walk(stage, { size: 4, epochs: 16, seed: fuzzSeed() });
  expect(outcome).toMatchObject({ untrue: [], unheard: [], statuses: new Set(['member']) });
  for (const facts of [outcome.epochs, outcome.secrets, outcome.rosters]) expect(facts.size).toBe(1);
  expect(outcome.begun).toEqual(outcome.begun.map((_, i) => i + 1));
});
