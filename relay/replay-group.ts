import { equalBytes, sha256, type GroupState } from '../core/index.ts';
import { addProposal, applyCommit, restoreGroup, type MemberRules, type PublicGroup } from '../core/mls/index.ts';

type MlsState = NonNullable<GroupState['mls']>;

/** What the state says of the epoch in force. */
export type EpochInForce = Pick<MlsState, 'epoch' | 'groupInfoHash' | 'treeHash' | 'commits'>;

/** Stored handshakes, of which a group is made. Any of them may be gone, or not be what they were. */
export interface StoredHandshakes {
  /** By its hash. */
  readonly groupInfo: (hash: Uint8Array) => Uint8Array | undefined;
  /** The one that began an epoch, with the hash that it is stored under. */
  readonly groupInfoOf: (epoch: number) => { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined;
  /** By its tree hash, where the GroupInfo doesn't hold it. */
  readonly tree: (treeHash: Uint8Array) => Uint8Array | undefined;
  readonly proposals: (epoch: number) => readonly Uint8Array[];
  /** The one that an entry names. */
  readonly commit: (index: number) => Uint8Array | undefined;
}

/**
 * The group of the epoch in force, of its GroupInfo and tree or, where one of them is damaged, of an earlier epoch and the
 * commits that the log names since (`ML96`). Undefined where those are damaged too. Signatures were verified before any of it
 * was stored, so hashes stand for them.
 */
export function restoreFollowed(
  mls: EpochInForce,
  rules: MemberRules,
  stored: StoredHandshakes,
): { readonly group: PublicGroup; readonly isReplayed: boolean } | undefined {
  const kept = open(mls.groupInfoHash, stored.groupInfo(mls.groupInfoHash), rules, stored);
  if (kept !== undefined) return { group: withProposals(kept, stored), isReplayed: false };
  const replayed = replay(mls, rules, stored);
  return replayed && { group: withProposals(replayed, stored), isReplayed: true };
}

/** The newest epoch that is whole needs the fewest commits; a commit that is gone is missing to every older one as well. */
function replay(mls: EpochInForce, rules: MemberRules, stored: StoredHandshakes): PublicGroup | undefined {
  for (let count = 1; count <= mls.commits.length; count++) {
    const groupInfo = stored.groupInfoOf(mls.epoch - count);
    const start = groupInfo && open(groupInfo.hash, groupInfo.bytes, rules, stored);
    if (start === undefined) continue;
    const group = mls.commits.slice(-count).reduce<PublicGroup | undefined>((before, commit) => {
      return before && follow(before, commit, stored);
    }, start);
    return group !== undefined && equalBytes(group.context.treeHash, mls.treeHash) ? group : undefined;
  }
  return undefined;
}

function open(
  hash: Uint8Array,
  groupInfo: Uint8Array | undefined,
  rules: MemberRules,
  { tree }: StoredHandshakes,
): PublicGroup | undefined {
  if (groupInfo === undefined || !equalBytes(sha256(groupInfo), hash)) return undefined;
  const restored = restoreGroup(groupInfo, tree, rules);
  return restored.ok ? restored.value : undefined;
}

function follow(
  group: PublicGroup,
  { index, commitHash }: MlsState['commits'][number],
  stored: StoredHandshakes,
): PublicGroup | undefined {
  const bytes = stored.commit(index);
  if (bytes === undefined || !equalBytes(sha256(bytes), commitHash)) return undefined;
  const applied = applyCommit(withProposals(group, stored), bytes);
  return applied.ok ? applied.value.group : undefined;
}

/** A damaged one is left out: whoever refers to it is refused, and everyone else goes on. */
function withProposals(group: PublicGroup, { proposals }: StoredHandshakes): PublicGroup {
  return proposals(Number(group.context.epoch)).reduce((before, bytes) => {
    const added = addProposal(before, bytes);
    return added.ok ? added.value.group : before;
  }, group);
}
