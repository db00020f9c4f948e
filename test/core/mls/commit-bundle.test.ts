import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  applyCommitToLeaves,
  checkCommitBundle,
  parseCommitMessage,
  parseGroupInfo,
  parseWelcome,
  type CommitBundle,
  type MlsCommit,
} from '../../../core/mls/index.ts';
import { acceptOwnCommit, makeGroupInfo, type GroupState, type PendingCommit } from '../../../sdk/mls/index.ts';
import { commitAnything, removal } from '../../sdk/mls/malice.ts';
import { codeOf, groupOf, keyPackageOf, NOW_MS, prepare, valueOf, makeCast, type Cast } from '../../sdk/mls/people.ts';
import { flipsOf, isGenuine } from './genuine.ts';

let { ada, bob, cem, dan, eve } = {} as Cast;
let states: GroupState[];
let previous: CommitBundle['previous'];
let bundle: CommitBundle;
let pending: PendingCommit;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  ({ ada, bob, cem, dan, eve } = await makeCast());
  states = await groupOf([ada, bob, cem]);
  previous = valueOf(parseGroupInfo(await makeGroupInfo(states[0]!)));
  const keyPackages = await Promise.all([dan, eve].map(keyPackageOf));
  pending = await prepare(states[1]!, { add: keyPackages.map(({ message }) => message), remove: [ada.actor] });
  bundle = bundleOf(pending);
});
afterAll(() => vi.useRealTimers());

function bundleOf(parts: {
  commit: Uint8Array;
  welcome?: Uint8Array | undefined;
  groupInfo: Uint8Array;
}): CommitBundle {
  return {
    previous,
    commit: valueOf(parseCommitMessage(parts.commit)),
    welcome: parts.welcome && valueOf(parseWelcome(parts.welcome)),
    groupInfo: valueOf(parseGroupInfo(parts.groupInfo)),
  };
}

function verdict(change: Partial<CommitBundle>): string {
  return codeOf(checkCommitBundle({ ...bundle, ...change }));
}

function commitVerdict(change: Partial<MlsCommit>): string {
  return codeOf(applyCommitToLeaves(previous, { ...bundle.commit, ...change }));
}

describe('a bundle that holds together', () => {
  test('[ML29] gives the roster delta, and the signatures that prove it', () => {
    const { delta, signatures } = valueOf(checkCommitBundle(bundle));
    expect(delta).toEqual({
      committer: bob.actor,
      committerLeafIndex: 1,
      added: [dan.actor, eve.actor],
      removed: [ada.actor],
      replaced: [],
    });
    // Framing, GroupInfo, two of each of three new leaves, two KeyPackages.
    expect(signatures).toHaveLength(1 + 1 + 3 * 2 + 2);
    expect(isGenuine(signatures)).toBe(true);
  });

  test('[ML26] joiners take the leftmost blank places', () => {
    const { leaves } = bundle.groupInfo;
    expect(leaves.map(({ leafIndex, actor }) => [leafIndex, actor])).toEqual([
      [0, dan.actor],
      [1, bob.actor],
      [2, cem.actor],
      [3, eve.actor],
    ]);
  });

  test('[ML24] one that only adds needs no path, as other clients make it', async () => {
    const { message } = await keyPackageOf(dan);
    const made = await prepare(states[1]!, { add: [message] });
    const commit = { ...valueOf(parseCommitMessage(made.commit)), pathLeaf: undefined };
    const { leaves } = valueOf(applyCommitToLeaves(previous, commit));
    expect(leaves.get(1)?.encoded).toEqual(previous.leaves[1]!.encoded);
  });
});

describe('a commit that doesn’t follow its epoch', () => {
  test('[ML23] of another group or epoch, or by no member, is refused', () => {
    expect(commitVerdict({ groupId: new Uint8Array(32) })).toBe('commit-group');
    expect(commitVerdict({ epoch: 0 })).toBe('commit-epoch');
    expect(commitVerdict({ epoch: 2 })).toBe('commit-epoch');
    expect(commitVerdict({ sender: { kind: 'member', leafIndex: 3 } })).toBe('commit-sender');
    expect(commitVerdict({ sender: { kind: 'new-member-commit' } })).toBe('commit-proposal');
    expect(commitVerdict({ sender: { kind: 'external', senderIndex: 1 } })).toBe('commit-sender');
  });

  test('[ML24] with other proposals than Adds, Removes and what was proposed before is refused', () => {
    expect(commitVerdict({ proposals: [{ kind: 'reference', ref: new Uint8Array(32) }] })).toBe('commit-proposal');
    for (const kind of ['psk', 'reinit', 'external-init', 'group-context-extensions'] as const) {
      expect(commitVerdict({ proposals: [{ kind }] })).toBe('commit-proposal');
    }
    const ownUpdate = { kind: 'update', leaf: bundle.commit.pathLeaf! } as const;
    expect(commitVerdict({ proposals: [ownUpdate] })).toBe('commit-proposal-list');
    expect(commitVerdict({ proposals: [{ kind: 'custom', type: 0xf001 }] })).toBe('commit-proposal');
  });

  test('[ML24] that removes nobody, somebody twice, or its committer is refused', () => {
    const removals = (...indexes: number[]) => indexes.map((leafIndex) => ({ kind: 'remove' as const, leafIndex }));
    expect(commitVerdict({ proposals: removals(0) })).toBe('accepted');
    expect(commitVerdict({ proposals: removals(3) })).toBe('commit-proposal-list');
    expect(commitVerdict({ proposals: removals(0, 0) })).toBe('commit-proposal-list');
    expect(commitVerdict({ proposals: removals(1) })).toBe('commit-proposal-list');
  });

  test('[ML24] without a path where it needs one is refused', () => {
    expect(commitVerdict({ pathLeaf: undefined })).toBe('commit-path');
    expect(commitVerdict({ pathLeaf: undefined, proposals: [] })).toBe('commit-path');
  });

  test('[ML26] that gives an actor a second leaf is refused', () => {
    const [add] = bundle.commit.proposals.filter(({ kind }) => kind === 'add');
    expect(commitVerdict({ proposals: [add!] })).toBe('accepted');
    expect(commitVerdict({ proposals: [add!, add!] })).toBe('commit-proposal-list');
  });

  test('[ML25] that turns its committer into another actor is refused', () => {
    expect(commitVerdict({ pathLeaf: previous.leaves[2]! })).toBe('commit-credential');
  });
});

describe('parts that don’t belong together', () => {
  test('[ML27] a Welcome for others, for too few, or for nobody is refused', async () => {
    const { refs } = bundle.welcome!;
    expect(verdict({ welcome: { ...bundle.welcome!, refs: [...refs].reverse() } })).toBe('accepted');
    expect(verdict({ welcome: { ...bundle.welcome!, refs: refs.slice(1) } })).toBe('commit-welcome');
    expect(verdict({ welcome: { ...bundle.welcome!, refs: [refs[0]!, refs[0]!] } })).toBe('commit-welcome');
    expect(verdict({ welcome: { ...bundle.welcome!, refs: [refs[0]!, new Uint8Array(32)] } })).toBe('commit-welcome');
    expect(verdict({ welcome: undefined })).toBe('commit-welcome');
    const rotation = bundleOf(await prepare(states[1]!));
    expect(codeOf(checkCommitBundle(rotation))).toBe('accepted');
    expect(codeOf(checkCommitBundle({ ...rotation, welcome: bundle.welcome }))).toBe('commit-welcome');
    const empty = { ...bundle.welcome!, refs: [] };
    expect(codeOf(checkCommitBundle({ ...rotation, welcome: empty }))).toBe('commit-welcome');
  });

  test('[ML28] the GroupInfo of another commit, member, epoch or group is refused', async () => {
    const other = await prepare(states[1]!, { remove: [ada.actor] });
    const { groupInfo } = bundle;
    expect(verdict({ groupInfo: valueOf(parseGroupInfo(other.groupInfo)) })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, signer: groupInfo.leaves[2]! } })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, epoch: 1 } })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, groupId: new Uint8Array(32) } })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, suite: 3 } })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, confirmationTag: new Uint8Array(32) } })).toBe('commit-group-info');
  });

  test('[ML28] a GroupInfo with one leaf more, less or other than the commit makes is refused', () => {
    const { groupInfo } = bundle;
    const { leaves } = groupInfo;
    expect(verdict({ groupInfo: { ...groupInfo, leaves: leaves.slice(0, 3) } })).toBe('commit-group-info');
    expect(verdict({ groupInfo: { ...groupInfo, leaves: [...leaves, leaves[0]!] } })).toBe('commit-group-info');
    const moved = leaves.map((leaf, index) => ({ ...leaf, leafIndex: [3, 1, 2, 0][index]! }));
    expect(verdict({ groupInfo: { ...groupInfo, leaves: moved } })).toBe('commit-group-info');
    const stale = leaves.map((leaf) => (leaf.leafIndex === 1 ? previous.leaves[1]! : leaf));
    expect(verdict({ groupInfo: { ...groupInfo, leaves: stale } })).toBe('commit-group-info');
  });

  test('[ML29] no byte of a commit outside its membership tag can be changed', () => {
    const MEMBERSHIP_TAG_BYTES = 33;
    const end = pending.commit.length - MEMBERSHIP_TAG_BYTES;
    for (const [offset, altered] of flipsOf(pending.commit)) {
      if (offset === end) break;
      const commit = parseCommitMessage(altered);
      const checked = commit.ok ? checkCommitBundle({ ...bundle, commit: commit.value }) : commit;
      expect(checked.ok && isGenuine(checked.value.signatures), `byte ${offset}`).toBe(false);
    }
  });

  test('[ML29] a commit by a member in another’s name has a signature that fails', async () => {
    const made = await commitAnything(states[2]!, [removal(0)], (client) => ({
      ...client,
      privatePath: { ...client.privatePath, leafIndex: 1 },
    }));
    const checked = valueOf(checkCommitBundle(bundleOf(made)));
    expect(checked.delta.committer).toEqual(bob.actor);
    expect(isGenuine(checked.signatures)).toBe(false);
  });
});

test('[ML26] a member who is removed and added again in one commit is neither added nor removed', async () => {
  const { message } = await keyPackageOf(cem);
  const again = bundleOf(await prepare(states[0]!, { add: [message], remove: [cem.actor] }));
  const { delta, signatures } = valueOf(checkCommitBundle(again));
  expect(delta).toMatchObject({ added: [], removed: [], replaced: [cem.actor] });
  expect(isGenuine(signatures)).toBe(true);
});

test('[ML23] the commits of a whole story are followed, each on the one before', async () => {
  let state = states[0]!;
  let before = previous;
  const steps = [
    { add: [dan], remove: [] },
    { add: [], remove: [] },
    { add: [], remove: [bob, cem] },
    { add: [bob, eve], remove: [dan] },
  ];
  for (const { add, remove } of steps) {
    const keyPackages = await Promise.all(add.map(keyPackageOf));
    const made = await prepare(state, {
      add: keyPackages.map(({ message }) => message),
      remove: remove.map(({ actor }) => actor),
    });
    const followed = { ...bundleOf(made), previous: before };
    const { delta, signatures } = valueOf(checkCommitBundle(followed));
    expect(isGenuine(signatures)).toBe(true);
    expect([delta.added, delta.removed]).toEqual([add, remove].map((people) => people.map(({ actor }) => actor)));
    before = followed.groupInfo;
    state = valueOf(acceptOwnCommit(state, made));
  }
  expect(before.leaves.map(({ actor }) => actor)).toEqual([ada, bob, eve].map(({ actor }) => actor));
});
