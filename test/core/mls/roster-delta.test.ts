import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  applyCommitToLeaves,
  parseCommitMessage,
  parseGroupInfo,
  type MlsCommit,
  type MlsGroupInfo,
} from '../../../core/mls/index.ts';
import { makeGroupInfo, type GroupState } from '../../../sdk/mls/index.ts';
import { codeOf, groupOf, keyPackageOf, NOW_MS, prepare, valueOf, makeCast, type Cast } from '../../sdk/mls/people.ts';

let { ada, bob, cem, dan, eve } = {} as Cast;
let states: GroupState[];
let previous: MlsGroupInfo;
let parsed: MlsCommit;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  ({ ada, bob, cem, dan, eve } = await makeCast());
  states = await groupOf([ada, bob, cem]);
  previous = valueOf(parseGroupInfo(await makeGroupInfo(states[0]!)));
  const keyPackages = await Promise.all([dan, eve].map(keyPackageOf));
  const pending = await prepare(states[1]!, { add: keyPackages.map(({ message }) => message), remove: [ada.actor] });
  parsed = valueOf(parseCommitMessage(pending.commit));
});
afterAll(() => vi.useRealTimers());

function commitVerdict(change: Partial<MlsCommit>): string {
  return codeOf(applyCommitToLeaves(previous, { ...parsed, ...change }));
}

describe('a commit that follows its epoch', () => {
  test('[ML26] gives the roster delta, and joiners take the leftmost blank places', () => {
    const { delta, leaves } = valueOf(applyCommitToLeaves(previous, parsed));
    expect(delta).toEqual({
      committer: bob.actor,
      committerLeafIndex: 1,
      added: [dan.actor, eve.actor],
      removed: [ada.actor],
      replaced: [],
    });
    expect([...leaves].sort(([a], [b]) => a - b).map(([leafIndex, { actor }]) => [leafIndex, actor])).toEqual([
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
    for (const kind of ['reinit', 'external-init'] as const) {
      expect(commitVerdict({ proposals: [{ kind }] })).toBe('commit-proposal');
    }
    const ownUpdate = { kind: 'update', leaf: parsed.pathLeaf! } as const;
    expect(commitVerdict({ proposals: [ownUpdate] })).toBe('commit-proposal-list');
    expect(commitVerdict({ proposals: [{ kind: 'custom', type: 0xf001 }] })).toBe('commit-proposal');
  });

  test('[ML24] with extensions twice, or without a path where they need one, is refused', () => {
    const [extensions, psk] = [{ kind: 'group-context-extensions' }, { kind: 'psk' }] as const;
    expect(commitVerdict({ proposals: [extensions, psk] })).toBe('accepted');
    expect(commitVerdict({ proposals: [extensions, extensions] })).toBe('commit-proposal-list');
    expect(commitVerdict({ proposals: [extensions], pathLeaf: undefined })).toBe('commit-path');
    expect(commitVerdict({ proposals: [psk], pathLeaf: undefined })).toBe('accepted');
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
    const [add] = parsed.proposals.filter(({ kind }) => kind === 'add');
    expect(commitVerdict({ proposals: [add!] })).toBe('accepted');
    expect(commitVerdict({ proposals: [add!, add!] })).toBe('commit-proposal-list');
  });

  test('[ML25] that turns its committer into another actor is refused', () => {
    expect(commitVerdict({ pathLeaf: previous.leaves[2]! })).toBe('commit-credential');
  });
});

test('[ML26] a member who is removed and added again in one commit is neither added nor removed', async () => {
  const { message } = await keyPackageOf(cem);
  const made = await prepare(states[0]!, { add: [message], remove: [cem.actor] });
  const { delta } = valueOf(applyCommitToLeaves(previous, valueOf(parseCommitMessage(made.commit))));
  expect(delta).toMatchObject({ added: [], removed: [], replaced: [cem.actor] });
});
