import type { Extension } from 'ts-mls';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { handshakeSignature, type MlsHandshake } from '../handshake.ts';
import { MAX_GROUP_LEAVES } from '../limits.ts';
import {
  refuse,
  type MlsCommitCode,
  type MlsPathCode,
  type MlsProposalListCode,
  type MlsRefusal,
  type MlsTreeCode,
} from '../refusal.ts';
import { checkMembers } from './check-members.ts';
import type { GroupSuccessor, Lifetime, ProposedChange } from './known-proposal.ts';
import { mergePath } from './merge-path.ts';
import { openCommit, type OpenedCommit } from './open-commit.ts';
import { readProposalList, type ProposalList } from './proposal-list.ts';
import { beginEpoch, type PublicGroup } from './public-group.ts';
import { leafAt, treeHashOf, type PublicTree } from './public-tree.ts';
import type { ChangeRefusal } from './read-change.ts';
import { stageExternalCommit, stageMemberCommit, type StagedCommit, type StageRefusal } from './stage-commit.ts';
import type { PublicLeaf } from './tree-node.ts';

export interface FollowedCommit {
  /** The epoch that the commit begins. It counts only once all signatures verify. */
  readonly group: PublicGroup;
  readonly handshake: MlsHandshake;
  /** In the next epoch, where an external committer has its first leaf. */
  readonly committer: { readonly leafIndex: number; readonly leaf: PublicLeaf };
  /** By somebody who was outside the group, or who came back in by it. */
  readonly isExternal: boolean;
  /** What kinds of proposals it applies, by value and by reference. */
  readonly kinds: ReadonlySet<ProposedChange['kind']>;
  /** Which group goes on in this one's place: a ReInit ends it, and nothing may follow. */
  readonly successor: GroupSuccessor | undefined;
  readonly added: readonly AddedMember[];
  /** Clients of the removed leaves. One that resyncs removes its own. */
  readonly removed: readonly Uint8Array[];
  /** The commit's, and those of new leaves and KeyPackages, by the suite's scheme. */
  readonly signatures: readonly VerifyJob[];
  /** Of new leaves' credentials, Ed25519. */
  readonly bindings: readonly VerifyJob[];
}

export interface AddedMember {
  readonly leafIndex: number;
  readonly client: Uint8Array;
  /** KeyPackageRef. */
  readonly ref: Uint8Array;
  readonly lifetime: Lifetime;
}

export type FollowRefusal =
  | ChangeRefusal
  | StageRefusal
  | MlsRefusal<MlsProposalListCode | MlsPathCode | MlsTreeCode>
  | MlsRefusal<Extract<MlsCommitCode, 'commit-after-reinit' | 'commit-group' | 'commit-epoch'>>;

/**
 * Follows a commit, an MLSMessage that holds a PublicMessage, with every check of RFC 9420 §12.4.2 that needs no secrets.
 * Gives the next epoch as its members will have it, or the one rule that is broken.
 */
export function applyCommit(group: PublicGroup, bytes: Uint8Array): Result<FollowedCommit, FollowRefusal> {
  const opened = openCommit(group, bytes);
  if (!opened.ok) return opened;
  const { handshake, commit } = opened.value;
  const list = readProposalList(group, commit.proposals, handshake.sender);
  if (!list.ok) return list;
  const staged = stage(group, opened.value, list.value);
  if (!staged.ok) return staged;
  const extensions = list.value.extensions[0] ?? group.context.extensions;
  const tree = finishTree(group, staged.value, extensions);
  if (!tree.ok) return tree;
  const next = enterEpoch(group, opened.value, tree.value, { extensions, isSuspended: list.value.reinits.length > 0 });
  return ok(describe({ before: group, handshake, list: list.value, staged: staged.value, next }));
}

function stage(group: PublicGroup, opened: OpenedCommit, list: ProposalList): Result<StagedCommit, StageRefusal> {
  const { sender } = opened.handshake;
  switch (sender.kind) {
    case 'member':
      return stageMemberCommit(group, opened, list, sender.leafIndex);
    case 'new-member-commit':
      return stageExternalCommit(group, opened, list);
    case 'external':
    case 'new-member-proposal':
      return refuse('commit-sender');
  }
}

/** The tree after the path, which must be one that a group can have (the last rule of RFC 9420 §12.2). */
function finishTree(
  { rules }: PublicGroup,
  { draft, path, committerIndex, joiners }: StagedCommit,
  extensions: readonly Extension[],
): Result<PublicTree, MlsRefusal<MlsPathCode | MlsTreeCode>> {
  if (draft.nodes.length > 2 * MAX_GROUP_LEAVES - 1) return refuse('tree-full');
  if (path !== undefined) {
    const placed = { leafIndex: committerIndex, leaf: path.leaf, nodes: path.nodes, joiners };
    const merged = mergePath(draft, placed, rules.suite.hash);
    if (!merged.ok) return merged;
  }
  const tree = draft.finish();
  const sound = checkMembers(tree, extensions);
  return sound.ok ? ok(tree) : sound;
}

function enterEpoch(
  { rules, context, interimTranscriptHash }: PublicGroup,
  { confirmed, confirmationTag }: OpenedCommit,
  tree: PublicTree,
  { extensions, isSuspended }: { readonly extensions: readonly Extension[]; readonly isSuspended: boolean },
): PublicGroup {
  const next = {
    ...context,
    epoch: context.epoch + 1n,
    treeHash: treeHashOf(tree),
    confirmedTranscriptHash: rules.suite.hash(interimTranscriptHash, confirmed),
    extensions: [...extensions],
  };
  return beginEpoch({ rules, tree, context: next, confirmationTag, isSuspended });
}

function describe(parts: {
  readonly before: PublicGroup;
  readonly handshake: MlsHandshake;
  readonly list: ProposalList;
  readonly staged: StagedCommit;
  readonly next: PublicGroup;
}): FollowedCommit {
  const { before, handshake, list, staged, next: group } = parts;
  const { path, committerIndex, joiners, signerKey } = staged;
  const added = list.adds.map(({ leaf, ref, lifetime }, position) => {
    return { leafIndex: joiners[position] as number, client: leaf.client, ref, lifetime };
  });
  const framing = handshakeSignature(handshake, { key: signerKey, groupContext: before.encodedContext });
  return {
    group,
    handshake,
    committer: { leafIndex: committerIndex, leaf: leafAt(group.tree, committerIndex) as PublicLeaf },
    isExternal: handshake.sender.kind !== 'member',
    kinds: list.kinds,
    successor: list.reinits[0],
    added,
    removed: list.removes.map((leafIndex) => (leafAt(before.tree, leafIndex) as PublicLeaf).client),
    signatures: [framing, ...(path === undefined ? [] : [path.signature]), ...list.signatures],
    bindings: [...(path?.bindings ?? []), ...list.bindings],
  };
}
