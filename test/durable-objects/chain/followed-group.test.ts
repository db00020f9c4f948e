import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { equalBytes, sha256, toHex } from '../../../core/index.ts';
import { addProposal, applyCommit, DEFAULT_TERMS } from '../../../core/mls/index.ts';
import { FollowedGroup } from '../../../durable-objects/chain/followed-group.ts';
import type { EpochInForce } from '../../../relay/index.ts';
import { commitBy, makeCrew, proposeBy } from '../../core/mls/public-group/crew.ts';
import { removal } from '../../sdk/mls/malice.ts';
import { foundGroup, makePerson, NOW_MS, prepare, treeOf, valueOf } from '../../sdk/mls/people.ts';

beforeAll(() => vi.setSystemTime(NOW_MS));
afterAll(() => vi.useRealTimers());

/** What an object has stored, and how often it was read. */
function makeStore(...messages: readonly Uint8Array[]) {
  const bytesByHash = new Map(messages.map((bytes) => [toHex(sha256(bytes)), bytes]));
  const reads: string[] = [];
  const read = (hash: Uint8Array) => {
    reads.push(toHex(hash));
    return bytesByHash.get(toHex(hash));
  };
  return { stored: { ...NOTHING_STORED, groupInfo: read }, reads };
}

const nothing = (): undefined => undefined;
const NOTHING_STORED = {
  groupInfo: nothing,
  groupInfoOf: nothing,
  tree: nothing,
  proposals: () => [],
  commit: nothing,
  replayed: nothing,
};

/** What the state says where its newest commits are not known. */
function epochOf(groupInfoHash: Uint8Array): EpochInForce {
  return { epoch: 1, groupInfoHash, treeHash: new Uint8Array(32), commits: [] };
}

test('[MB2] the group in memory is the one of the GroupInfo that the state names, or is made of it', async () => {
  const crew = await makeCrew(2);
  const { bundle } = await commitBy(crew.members[0]!.client);
  const [before, after] = [epochOf(sha256(crew.groupInfo)), epochOf(sha256(bundle.groupInfo))];
  const { stored, reads } = makeStore(crew.groupInfo, bundle.groupInfo);
  const followed = new FollowedGroup(stored);
  expect(followed.at(before, DEFAULT_TERMS).encodedContext).toEqual(crew.group.encodedContext);
  expect(followed.at(before, DEFAULT_TERMS).encodedContext).toEqual(crew.group.encodedContext);
  expect(reads).toHaveLength(1);
  const { group } = valueOf(applyCommit(crew.group, bundle.commit));
  followed.keep(after.groupInfoHash, group);
  expect(followed.at(after, DEFAULT_TERMS)).toBe(group);
  expect(reads).toHaveLength(1);
  expect(followed.at(before, DEFAULT_TERMS).context.epoch).toBe(1n);
  expect(followed.at(after, DEFAULT_TERMS).tree).toEqual(group.tree);
  expect(reads).toHaveLength(3);
});

test('[MB2] a GroupInfo that is not stored, or not what the state names, founds no group', async () => {
  const { groupInfo } = await makeCrew(1);
  const missing = new FollowedGroup(NOTHING_STORED);
  expect(() => missing.at(epochOf(sha256(groupInfo)), DEFAULT_TERMS)).toThrow('damaged');
  const altered = new FollowedGroup({ ...NOTHING_STORED, groupInfo: () => groupInfo });
  expect(() => altered.at(epochOf(new Uint8Array(32)), DEFAULT_TERMS)).toThrow('damaged');
});

test('[ML91] a group is made of a GroupInfo and the tree that is stored beside it', async () => {
  const pending = await prepare(await foundGroup(await makePerson(1)));
  const mls = epochOf(sha256(pending.groupInfo));
  const { stored } = makeStore(pending.groupInfo);
  expect(() => new FollowedGroup(stored).at(mls, DEFAULT_TERMS)).toThrow('damaged');
  const other = treeOf(await foundGroup(await makePerson(1)));
  expect(() => new FollowedGroup({ ...stored, tree: () => other }).at(mls, DEFAULT_TERMS)).toThrow('damaged');
  const tree = (treeHash: Uint8Array) => (equalBytes(treeHash, pending.treeHash) ? treeOf(pending.next) : undefined);
  expect(new FollowedGroup({ ...stored, tree }).at(mls, DEFAULT_TERMS).context.epoch).toBe(1n);
});

describe('proposals of the epoch', () => {
  async function proposed() {
    const crew = await makeCrew(2);
    const mls = epochOf(sha256(crew.groupInfo));
    const { message } = await proposeBy(crew.members[1]!.client, removal(1));
    const { proposal } = valueOf(addProposal(crew.group, message));
    return {
      mls,
      message,
      groupInfo: crew.groupInfo,
      known: { hash: sha256(message), bytes: message, epoch: 1, proposal },
    };
  }

  test('[MB7] are there again when the group is made of what is stored', async () => {
    const { mls, message, groupInfo, known } = await proposed();
    const epochs: number[] = [];
    const proposals = (epoch: number) => {
      epochs.push(epoch);
      return [message];
    };
    const followed = new FollowedGroup({ ...NOTHING_STORED, groupInfo: () => groupInfo, proposals });
    expect([...followed.at(mls, DEFAULT_TERMS).proposals.values()]).toEqual([known.proposal]);
    expect(epochs).toEqual([1]);
    followed.forget();
    expect(followed.at(mls, DEFAULT_TERMS).proposals.size).toBe(1);
    expect(epochs).toEqual([1, 1]);
  });

  test('[MB7] count from when they are judged, and may be referred to from when the log holds them', async () => {
    const { mls, groupInfo, known } = await proposed();
    const followed = new FollowedGroup({ ...NOTHING_STORED, groupInfo: () => groupInfo });
    followed.begin(known);
    expect(followed.at(mls, DEFAULT_TERMS).proposals.size).toBe(0);
    expect(followed.withUnderWay(mls, DEFAULT_TERMS).proposals.size).toBe(1);
    followed.settle(known, false);
    expect(followed.withUnderWay(mls, DEFAULT_TERMS).proposals.size).toBe(0);
    followed.begin(known);
    followed.settle(known, true);
    expect([...followed.at(mls, DEFAULT_TERMS).proposals.values()]).toEqual([known.proposal]);
  });

  test('[MB7] are none of another epoch', async () => {
    const { mls, groupInfo, known } = await proposed();
    const followed = new FollowedGroup({ ...NOTHING_STORED, groupInfo: () => groupInfo });
    followed.at(mls, DEFAULT_TERMS);
    followed.settle({ ...known, epoch: 0 }, true);
    expect(followed.at(mls, DEFAULT_TERMS).proposals.size).toBe(0);
  });
});
