import { equalBytes, toBase64 } from '../bytes/index.ts';
import { ok, type Result } from '../result.ts';
import type { MlsCommitContent, MlsCommitProposal } from './commit.ts';
import type { MlsGroupInfo } from './group-info.ts';
import type { MlsKeyPackage } from './key-package.ts';
import type { MlsLeaf } from './leaf.ts';
import type { MlsProposal } from './proposal.ts';
import { areDistinct } from './ratchet-tree.ts';
import { refuse, type MlsCommitCode, type MlsRefusal } from './refusal.ts';

/** What a commit does to who is in the group. Actors are 32 bytes. */
export interface RosterDelta {
  readonly committer: Uint8Array;
  readonly committerLeafIndex: number;
  /** Actors that had no leaf before. */
  readonly added: readonly Uint8Array[];
  /** Actors that have no leaf any more. */
  readonly removed: readonly Uint8Array[];
  /** Actors in the group before and after, whose leaf was removed and added anew with other keys. */
  readonly replaced: readonly Uint8Array[];
}

/** The leaves of one epoch, before a commit ends it. */
export interface EpochLeaves extends Pick<MlsGroupInfo, 'groupId' | 'epoch' | 'leaves'> {
  /** What was proposed in it, by the Base64 of the ProposalRef: a commit may refer to that and to nothing else. */
  readonly proposals?: ReadonlyMap<string, ProposedInEpoch>;
}

export interface ProposedInEpoch {
  readonly proposal: MlsProposal;
  /** Of the member who proposed it; undefined for an external sender. */
  readonly leafIndex: number | undefined;
}

/** A commit applied to the leaves of its epoch. */
export interface AppliedCommit {
  readonly delta: RosterDelta;
  /** By leaf index: what the next epoch's tree must hold. */
  readonly leaves: ReadonlyMap<number, MlsLeaf>;
  /** Whose key signs the commit: the committer's leaf before it, or the one that a resync brings. */
  readonly committerLeaf: MlsLeaf;
  readonly addedKeyPackages: readonly MlsKeyPackage[];
  /** Whether it replaces the extensions of the GroupContext. */
  readonly changesExtensions: boolean;
}

type CommitRefusal = MlsRefusal<MlsCommitCode>;

/**
 * Applies a commit to the leaves of its epoch (`ML23`-`ML26`): Updates, Removes, then the committer's new leaf, then Adds.
 * Refuses everything but a member's commit of these, of PreSharedKeys and of extensions, by value or by reference, and a member's
 * resync. Those two change no leaf.
 */
export function applyCommitToLeaves(
  previous: EpochLeaves,
  commit: MlsCommitContent,
): Result<AppliedCommit, CommitRefusal> {
  if (!equalBytes(commit.groupId, previous.groupId)) return refuse('commit-group');
  if (commit.epoch !== previous.epoch) return refuse('commit-epoch');
  if (commit.sender.kind === 'new-member-commit') return applyResyncToLeaves(previous, commit);
  const leaves = new Map<number, MlsLeaf>(previous.leaves.map((leaf) => [leaf.leafIndex, leaf]));
  const committerLeafIndex = commit.sender.kind === 'member' ? commit.sender.leafIndex : -1;
  const committerLeaf = leaves.get(committerLeafIndex);
  if (committerLeaf === undefined) return refuse('commit-sender');
  const changes = readChanges(commit, { leafIndex: committerLeafIndex, proposals: previous.proposals });
  if (!changes.ok) return changes;
  const { updates, adds, removes, changesExtensions } = changes.value;
  const removed: Uint8Array[] = [];
  for (const { leafIndex, leaf } of updates) {
    const before = leaves.get(leafIndex);
    if (before === undefined) return refuse('commit-proposal-list');
    if (!equalBytes(before.actor, leaf.actor)) return refuse('commit-credential');
    leaves.set(leafIndex, leaf);
  }
  for (const index of removes) {
    const leaf = leaves.get(index);
    // The committer can't remove itself: nobody would hold the secrets of the next epoch (RFC 9420 §12.2).
    if (leaf === undefined || index === committerLeafIndex) return refuse('commit-proposal-list');
    leaves.delete(index);
    removed.push(leaf.actor);
  }
  if (commit.pathLeaf !== undefined) {
    // ts-mls takes any credential with a valid binding, so two actors could trade places unseen.
    if (!equalBytes(commit.pathLeaf.actor, committerLeaf.actor)) return refuse('commit-credential');
    leaves.set(committerLeafIndex, commit.pathLeaf);
  }
  addFromTheLeft(
    leaves,
    adds.map(({ leaf }) => leaf),
  );
  if (!areDistinct([...leaves.values()].map(({ actor }) => actor))) return refuse('commit-proposal-list');
  const added = adds.map(({ actor }) => actor);
  const delta = { committer: committerLeaf.actor, committerLeafIndex, ...compareActors(added, removed) };
  return ok({ delta, leaves, committerLeaf, addedKeyPackages: adds, changesExtensions });
}

/** A member that comes back in by an external commit (`RC1`): its leaf goes, and a new one takes the leftmost place. */
function applyResyncToLeaves(previous: EpochLeaves, commit: MlsCommitContent): Result<AppliedCommit, CommitRefusal> {
  const { proposals, pathLeaf } = commit;
  if (pathLeaf === undefined) return refuse('commit-path');
  if (proposals.length !== 2 || !proposals.some(({ kind }) => kind === 'external-init')) {
    return refuse('commit-proposal');
  }
  const removal = proposals.find((proposal) => proposal.kind === 'remove');
  const former = previous.leaves.find(({ leafIndex }) => leafIndex === removal?.leafIndex);
  if (former === undefined) return refuse('commit-sender');
  if (!equalBytes(former.actor, pathLeaf.actor)) return refuse('commit-credential');
  const leaves = new Map<number, MlsLeaf>(previous.leaves.map((leaf) => [leaf.leafIndex, leaf]));
  leaves.delete(former.leafIndex);
  const committerLeafIndex = addFromTheLeft(leaves, [pathLeaf]);
  const delta = { committer: former.actor, committerLeafIndex, added: [], removed: [], replaced: [] };
  return ok({ delta, leaves, committerLeaf: pathLeaf, addedKeyPackages: [], changesExtensions: false });
}

interface Changes {
  readonly updates: readonly { readonly leafIndex: number; readonly leaf: MlsLeaf }[];
  readonly adds: readonly MlsKeyPackage[];
  readonly removes: readonly number[];
  readonly changesExtensions: boolean;
}

interface Committing {
  readonly leafIndex: number;
  readonly proposals: EpochLeaves['proposals'];
}

function readChanges({ proposals, pathLeaf }: MlsCommitContent, committer: Committing): Result<Changes, CommitRefusal> {
  const resolved = proposals.map((proposal) => resolve(proposal, committer));
  if (!resolved.every((one) => one !== undefined)) return refuse('commit-proposal');
  const updates = resolved.flatMap(({ proposal, leafIndex }) =>
    proposal.kind === 'update' && leafIndex !== undefined ? [{ leafIndex, leaf: proposal.leaf }] : [],
  );
  const removes = resolved.flatMap(({ proposal }) => (proposal.kind === 'remove' ? [proposal.leafIndex] : []));
  const adds = resolved.flatMap(({ proposal }) => (proposal.kind === 'add' ? [proposal.keyPackage] : []));
  const extensions = resolved.filter(({ proposal }) => proposal.kind === 'group-context-extensions').length;
  const preSharedKeys = resolved.filter(({ proposal }) => proposal.kind === 'psk').length;
  const known = updates.length + removes.length + adds.length + extensions + preSharedKeys;
  if (known !== resolved.length) return refuse('commit-proposal');
  if (extensions > 1) return refuse('commit-proposal-list');
  const touched = [...updates.map(({ leafIndex }) => leafIndex), ...removes];
  // The committer has the path for a new leaf; of two changes to one leaf, nobody could tell which one holds.
  if (new Set([committer.leafIndex, ...touched]).size !== touched.length + 1) return refuse('commit-proposal-list');
  // RFC 9420 §12.4: without fresh secrets, a removed member could follow into the next epoch.
  const needsPath = touched.length > 0 || extensions > 0 || resolved.length === 0;
  if (needsPath && pathLeaf === undefined) return refuse('commit-path');
  return ok({ updates, adds, removes, changesExtensions: extensions > 0 });
}

/** By value it is the committer's own; a reference is to what somebody proposed in this epoch. */
function resolve(proposal: MlsCommitProposal, { leafIndex, proposals }: Committing): ProposedInEpoch | undefined {
  return proposal.kind === 'reference' ? proposals?.get(toBase64(proposal.ref)) : { proposal, leafIndex };
}

/** A new leaf takes the leftmost blank place, or else extends the tree (RFC 9420 §7.7, §12.1.1). Gives the last place. */
function addFromTheLeft(leaves: Map<number, MlsLeaf>, added: readonly MlsLeaf[]): number {
  let index = 0;
  for (const leaf of added) {
    while (leaves.has(index)) index++;
    leaves.set(index, leaf);
  }
  return index;
}

/** Which actors come, go, and stay under another leaf. */
export function compareActors(
  added: readonly Uint8Array[],
  removed: readonly Uint8Array[],
): Pick<RosterDelta, 'added' | 'removed' | 'replaced'> {
  const [namesAdded, namesRemoved] = [added, removed].map((actors) => new Set(actors.map(toBase64)));
  return {
    added: added.filter((actor) => !namesRemoved?.has(toBase64(actor))),
    removed: removed.filter((actor) => !namesAdded?.has(toBase64(actor))),
    replaced: added.filter((actor) => namesRemoved?.has(toBase64(actor))),
  };
}
