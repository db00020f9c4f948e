import { beforeAll, describe, expect, test } from 'vitest';
import { equalBytes, sha256 } from '../../core/index.ts';
import { DEFAULT_TERMS, memberRules, type PublicGroup } from '../../core/mls/index.ts';
import { restoreFollowed, type EpochInForce, type StoredHandshakes } from '../../relay/index.ts';
import { acceptOwnCommit, joinGroup, makeGroupInfo, processProposal, proposeLeave } from '../../sdk/mls/index.ts';
import { foundGroup, keyPackageOf, makeCast, NO_DATA, prepare, treeOf, valueOf } from '../sdk/mls/people.ts';

const RULES = memberRules(DEFAULT_TERMS);

/** Bytes under the hash that they had when they were stored. */
interface Kept {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

interface History {
  readonly mls: EpochInForce;
  /** By epoch. */
  readonly groupInfos: readonly Kept[];
  readonly trees: readonly Kept[];
  /** In epoch 1. */
  readonly wish: Uint8Array;
  /** By the epoch that they end, which is their entry here. */
  readonly commits: readonly Kept[];
}

let whole: History;
let inForce: PublicGroup;

/** Ada founds, adds Bob, takes him out by his own proposal, and rotates. */
beforeAll(async () => {
  const { ada, bob } = await makeCast();
  const keyPackage = await keyPackageOf(bob);
  const founded = await foundGroup(ada);
  const adding = await prepare(founded, { add: [keyPackage.message] });
  const bobs = valueOf(await joinGroup(adding.welcome!, keyPackage.privateState, treeOf(adding.next))).state;
  const { message: wish } = valueOf(await proposeLeave(bobs, NO_DATA));
  const informed = valueOf(await processProposal(valueOf(acceptOwnCommit(founded, adding)), wish)).state;
  const removing = await prepare(informed, { remove: [bob.actor] });
  const rotating = await prepare(valueOf(acceptOwnCommit(informed, removing)));
  const pending = [adding, removing, rotating];
  const commits = pending.map(({ commit, commitHash }) => ({ bytes: commit, hash: commitHash }));
  const groupInfos = [await makeGroupInfo(founded), ...pending.map(({ groupInfo }) => groupInfo)].map(keep);
  // The tree of the founding is in its GroupInfo.
  const trees = pending.map(({ treeHash: hash, next }) => ({ hash, bytes: treeOf(next) }));
  const mls = {
    epoch: 3,
    groupInfoHash: groupInfos[3]!.hash,
    treeHash: rotating.treeHash,
    commits: commits.map(({ hash: commitHash }, index) => ({ index, commitHash, committer: ada.actor })),
  };
  whole = { mls, groupInfos, trees, wish, commits };
  const restored = restore(whole)!;
  expect(restored.isReplayed).toBe(false);
  inForce = restored.group;
});

function keep(bytes: Uint8Array): Kept {
  return { bytes, hash: sha256(bytes) };
}

function restore(history: History) {
  const { mls, groupInfos, trees, wish, commits } = history;
  const find = (among: readonly Kept[], hash: Uint8Array) => among.find((kept) => equalBytes(kept.hash, hash))?.bytes;
  const stored: StoredHandshakes = {
    groupInfo: (hash) => find(groupInfos, hash),
    groupInfoOf: (epoch) => groupInfos[epoch],
    tree: (hash) => find(trees, hash),
    proposals: (epoch) => (epoch === 1 ? [wish] : []),
    commit: (index) => commits[index]?.bytes,
  };
  return restoreFollowed(mls, RULES, stored);
}

const spoil = ({ hash, bytes }: Kept): Kept => ({ hash, bytes: spoilt(bytes) });
const lose = ({ hash }: Kept): Kept => ({ hash, bytes: new Uint8Array() });

/** One bit in the middle. */
function spoilt(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte));
}

function from<T>(list: readonly T[], first: number, change: (item: T) => T): readonly T[] {
  return list.map((item, at) => (at < first ? item : change(item)));
}

describe('the group of a relay', () => {
  test.each([
    ['the tree in force is damaged', (h: History) => ({ ...h, trees: from(h.trees, 2, spoil) })],
    ['the tree in force is gone', (h: History) => ({ ...h, trees: from(h.trees, 2, lose) })],
    ['the GroupInfo in force is damaged', (h: History) => ({ ...h, groupInfos: from(h.groupInfos, 3, spoil) })],
    ['two trees are gone', (h: History) => ({ ...h, trees: from(h.trees, 1, lose) })],
    ['only the founding is whole', (h: History) => ({ ...h, trees: from(h.trees, 0, spoil) })],
    ['only the founding is there', (h: History) => ({ ...h, groupInfos: from(h.groupInfos, 1, lose) })],
  ])('[ML96] is replayed where %s', (_, damage) => {
    const restored = restore(damage(whole))!;
    expect(restored.isReplayed).toBe(true);
    expect(restored.group).toEqual(inForce);
  });

  test.each([
    ['a commit since is damaged', (h: History) => ({ ...h, commits: from(h.commits, 2, spoil) })],
    ['a commit since is gone', (h: History) => ({ ...h, commits: h.commits.slice(0, 2) })],
    ['every epoch is damaged', (h: History) => ({ ...h, groupInfos: from(h.groupInfos, 0, spoil) })],
    [
      'a proposal is damaged that is needed',
      (h: History) => ({ ...h, trees: from(h.trees, 1, lose), wish: spoilt(h.wish) }),
    ],
  ])('[ML96] is not to be had where %s as well', (_, damage) => {
    const { trees } = whole;
    expect(restore(damage({ ...whole, trees: from(trees, 2, spoil) }))).toBeUndefined();
  });

  test('[ML96] goes on without a proposal that is damaged', () => {
    const { mls, groupInfos, commits } = whole;
    const first = { ...mls, epoch: 1, groupInfoHash: groupInfos[1]!.hash, commits: mls.commits.slice(0, 1) };
    const at = (wish: Uint8Array) => restore({ ...whole, mls: first, commits, wish })!.group;
    expect(at(whole.wish).proposals.size).toBe(1);
    expect(at(whole.wish.subarray(1)).proposals.size).toBe(0);
  });
});
