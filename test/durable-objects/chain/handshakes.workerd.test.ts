import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  appendRequest,
  commitBundle,
  DAY_MS,
  decodeTrusted,
  encode,
  epochProposals,
  MIN_RETENTION_MS,
  sha256,
  submission,
} from '../../../core/index.ts';
import { parseRatchetTree } from '../../../core/mls/index.ts';
import { processProposal, type GroupState } from '../../../sdk/mls/index.ts';
import { treeOf, valueOf as resultOf } from '../../sdk/mls/people.ts';
import {
  claimKeyOf,
  draftCommit,
  draftCreation,
  draftProposal,
  MLS_PARAMETERS,
  type CommitDraft,
  type GroupPlace,
} from '../../support/mls-bundles.ts';
import { TestActor } from '../../support/test-actor.ts';
import { callerOf, chainStub, T0, TestChain, valueOf } from './test-chain.ts';

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const claimKey = claimKeyOf(new Uint8Array(32));

let chain: TestChain;
let alices: GroupState;
let bobs: GroupState;
let time = T0;

async function place(): Promise<GroupPlace> {
  return { chain: chain.id, seen: await chain.head(), time, claimKey };
}

async function commit(state: GroupState, draft: Partial<CommitDraft> = {}) {
  const drafted = await draftCommit(await place(), state, { actor: alice, ...draft });
  valueOf(await chain.object.commit(encode(commitBundle, drafted.bundle)));
  return drafted;
}

async function proposals(reader = alice) {
  return decodeTrusted(epochProposals, valueOf(await chain.object.proposals(callerOf(reader))));
}

async function setClock(at: number): Promise<void> {
  time = at;
  await chain.setClock(at);
}

let nth = 0;

/** Alice's group with Bob, in epoch 1, whose payloads live for a minute. A chain of its own each time. */
beforeEach(async () => {
  time = T0;
  const nonce = sha256(Uint8Array.of(nth++));
  const parameters = {
    relayName: 'localhost.terachat',
    parameters: MLS_PARAMETERS,
    retentionMs: MIN_RETENTION_MS,
    nonce,
  };
  const genesis = alice.genesis(parameters, T0);
  const stub = await chainStub(genesis);
  chain = new TestChain(stub, alice, genesis);
  valueOf(await chain.object.found(encode(submission, genesis)));
  const created = await draftCreation(await place(), alice);
  valueOf(await chain.object.commit(encode(commitBundle, created.bundle)));
  const invitation = await commit(created.state, { add: [bob] });
  alices = invitation.next;
  [bobs] = (await invitation.join()) as [GroupState];
});

describe('the proposals of an epoch', () => {
  it('[MB7] are given and can be committed after their time as payloads, also by an object that slept', async () => {
    const drafted = await draftProposal(await place(), bobs, { actor: bob });
    expect((await chain.append(drafted)).outcomes[0]?.kind).toBe('accepted');
    expect(await proposals()).toEqual({ epoch: 1, proposals: [drafted.payload] });
    await setClock(T0 + MIN_RETENTION_MS + 1);
    expect((await chain.page(alice)).entries[3]?.payload).toBeUndefined();
    await evictDurableObject(chain.stub);
    await setClock(time);
    expect((await proposals(bob)).proposals).toEqual([drafted.payload]);
    const read = () => chain.object.payload(callerOf(alice), sha256(drafted.payload));
    expect(await read()).toEqual({ ok: true, value: drafted.payload });
    const informed = resultOf(await processProposal(alices, drafted.payload)).state;
    await commit(informed, { remove: [bob] });
    expect(await proposals()).toEqual({ epoch: 2, proposals: [] });
    // Whoever follows later still needs it, for as long as a commit may be kept.
    expect(await read()).toEqual({ ok: true, value: drafted.payload });
    await setClock(time + 30 * DAY_MS);
    await runDurableObjectAlarm(chain.stub);
    expect(await read()).toMatchObject({ ok: false });
    await runInDurableObject(chain.stub, (_, { storage }) => {
      const left = storage.sql.exec(`SELECT count(*) AS n FROM handshakes WHERE kind = 'proposal'`).one();
      expect(left['n']).toBe(0);
    });
  });

  it('[ML71] are no more than its share from one sender, though they come all at once', async () => {
    const at = await place();
    const burst = await Promise.all(Array.from({ length: 20 }, () => draftProposal(at, bobs, { actor: bob })));
    const halves = [burst.slice(0, 10), burst.slice(10)];
    const answers = await Promise.all(halves.map((some) => chain.append(...some)));
    const kinds = answers.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(16);
    expect((await proposals()).proposals).toHaveLength(16);
    const again = await chain.object.append(encode(appendRequest, { submissions: [burst[0]!] }));
    expect(again.ok).toBe(true);
    expect((await proposals()).proposals).toHaveLength(16);
  });

  it('[AC3] are given to nobody who does not read the newest entries', async () => {
    const drafted = await draftProposal(await place(), bobs, { actor: bob });
    await chain.append(drafted);
    const { next } = await commit(resultOf(await processProposal(alices, drafted.payload)).state, { remove: [bob] });
    await commit(next);
    const stranger = await chain.object.proposals(callerOf(new TestActor('mallory')));
    expect([await chain.object.proposals(callerOf(bob)), stranger]).toMatchObject([
      { error: { code: 'not-found' } },
      { error: { code: 'not-found' } },
    ]);
  });
});

describe('what is stored of the epoch in force', () => {
  const asTree = `kind = 'tree' AND epoch = 3`;
  it.each([
    ['its tree is altered', `UPDATE handshakes SET bytes = zeroblob(length(bytes)) WHERE ${asTree}`],
    ['its tree is gone', `DELETE FROM handshakes WHERE ${asTree}`],
    [
      'its GroupInfo is altered',
      `UPDATE handshakes SET bytes = zeroblob(length(bytes)) WHERE kind = 'group-info' AND epoch = 3`,
    ],
    ['all but an old epoch is gone', `DELETE FROM handshakes WHERE epoch > 1`],
  ])('[ML96] is made anew from the log where %s, so that commits go on', async (_, damage) => {
    const incidents = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const drafted = await draftProposal(await place(), bobs, { actor: bob });
    await chain.append(drafted);
    const informed = resultOf(await processProposal(alices, drafted.payload)).state;
    const third = await commit((await commit(informed, { remove: [bob] })).next);
    await runInDurableObject(chain.stub, (_object, { storage }) => void storage.sql.exec(damage));
    await evictDurableObject(chain.stub);
    await setClock(time);
    const fourth = await commit(third.next);
    expect(fourth.next.epoch).toBe(4);
    expect(incidents.mock.calls.flat().join()).toContain('group-replayed');
    const { hash } = resultOf(parseRatchetTree(treeOf(third.next)));
    expect(valueOf(await chain.object.tree(callerOf(alice), hash))).toEqual(treeOf(third.next));
    incidents.mockRestore();
  });

  const damage = async (statement: string): Promise<void> => {
    await runInDurableObject(chain.stub, (_object, { storage }) => void storage.sql.exec(statement));
    await evictDurableObject(chain.stub);
    await setClock(time);
  };
  const spoil = (kind: string, epoch: number): string =>
    `UPDATE handshakes SET bytes = zeroblob(length(bytes)) WHERE kind LIKE '%${kind}' AND epoch = ${epoch}`;

  it('[ML96] is given out whole or not at all: a damaged tree is made anew, a damaged GroupInfo is said to be lost', async () => {
    const incidents = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const second = await commit(alices);
    const [former, current] = [alices, second.next].map((state) => resultOf(parseRatchetTree(treeOf(state))).hash);
    const ask = (hash: Uint8Array) => chain.object.tree(callerOf(bob), hash);
    await damage(`${spoil('tree', 2)}; ${spoil('tree', 1)}`);
    expect(valueOf(await ask(current!))).toEqual(treeOf(second.next));
    expect(incidents.mock.calls.flat().join()).toContain('group-replayed');
    await damage(spoil('nothing', 9));
    expect(valueOf(await ask(current!))).toEqual(treeOf(second.next));
    // Of a former epoch nobody makes one: it is as good as gone.
    expect(await ask(former!)).toMatchObject({ error: { code: 'not-found' } });
    const groupInfo = (epoch?: number) => chain.object.groupInfo(callerOf(bob), epoch);
    expect(valueOf(await groupInfo())).toEqual(second.bundle.groupInfo);
    expect((await groupInfo(1)).ok).toBe(true);
    await damage(spoil('group-info', 1));
    expect(await groupInfo(1)).toMatchObject({ error: { code: 'not-found' } });
    await damage(spoil('group-info', 2));
    for (const epoch of [undefined, 2])
      expect(await groupInfo(epoch)).toEqual({ ok: false, error: { code: 'group-info-lost' } });
    const third = await commit(second.next);
    expect(valueOf(await groupInfo())).toEqual(third.bundle.groupInfo);
    incidents.mockRestore();
  });

  it('[ML96] is not given out where everything that could make it anew is damaged as well', async () => {
    const incidents = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { hash } = resultOf(parseRatchetTree(treeOf(alices)));
    await damage('UPDATE handshakes SET bytes = zeroblob(length(bytes))');
    expect(await chain.object.tree(callerOf(bob), hash)).toMatchObject({ error: { code: 'not-found' } });
    expect(incidents.mock.calls.flat().join()).toContain('tree-lost');
    incidents.mockRestore();
  });
});
