import { equalBytes, toBase64 } from '../bytes/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import type { MlsCommit } from './commit.ts';
import { groupInfoSignatures, type MlsGroupInfo } from './group-info.ts';
import { handshakeSignature } from './handshake.ts';
import type { MlsKeyPackage } from './key-package.ts';
import { refuse, type MlsCommitCode, type MlsGroupInfoCode, type MlsRefusal } from './refusal.ts';
import { applyCommitToLeaves, type AppliedCommit, type RosterDelta } from './roster-delta.ts';
import type { MlsWelcome } from './welcome.ts';

/** What a committer hands in as one piece, and the GroupInfo of the epoch that it ends. */
export interface CommitBundle {
  readonly previous: MlsGroupInfo;
  readonly commit: MlsCommit;
  /** Undefined where the commit adds nobody. */
  readonly welcome: MlsWelcome | undefined;
  /** Of the epoch that the commit begins. */
  readonly groupInfo: MlsGroupInfo;
}

export interface CheckedCommit {
  readonly delta: RosterDelta;
  /** Whose lifetimes are to be compared with a clock, and whose refs with claims. */
  readonly addedKeyPackages: readonly MlsKeyPackage[];
  /** All of them must verify before the commit counts: framing, GroupInfo, new leaves and bindings, added KeyPackages. */
  readonly signatures: readonly VerifyJob[];
}

/**
 * Checks that the parts of a bundle belong together and follow the epoch before (`ML23`-`ML29`). Given that `previous`
 * was genuine and the signatures verify, the members after the commit are who the delta says. Not checked here, since it
 * takes secrets or the whole tree: membership tag, path ciphertexts, transcript and parent hashes.
 */
export function checkCommitBundle(bundle: CommitBundle): Result<CheckedCommit, MlsRefusal<MlsCommitCode>> {
  const { previous, commit, welcome, groupInfo } = bundle;
  const applied = applyCommitToLeaves(previous, commit);
  if (!applied.ok) return applied;
  const { delta, committerLeaf, addedKeyPackages } = applied.value;
  if (!addressesExactly(welcome, addedKeyPackages)) return refuse('commit-welcome');
  if (!isGroupInfoAfter(bundle, applied.value)) return refuse('commit-group-info');
  const signer = { key: committerLeaf.signatureKey, groupContext: previous.groupContext };
  const signatures = [
    handshakeSignature(commit, signer),
    ...groupInfoSignatures(groupInfo, previous),
    // Their leaves are new in the GroupInfo's tree, so those signatures are among the ones above.
    ...addedKeyPackages.map(({ signature }) => signature),
  ];
  return ok({ delta, addedKeyPackages, signatures });
}

function addressesExactly(welcome: MlsWelcome | undefined, keyPackages: readonly MlsKeyPackage[]): boolean {
  if (welcome === undefined) return keyPackages.length === 0;
  if (welcome.refs.length !== keyPackages.length || keyPackages.length === 0) return false;
  const refs = new Set(welcome.refs.map(toBase64));
  return keyPackages.every(({ ref }) => refs.has(toBase64(ref)));
}

function isGroupInfoAfter({ previous, commit, groupInfo }: CommitBundle, applied: AppliedCommit): boolean {
  return (
    equalBytes(groupInfo.groupId, previous.groupId) &&
    groupInfo.epoch === previous.epoch + 1 &&
    groupInfo.suite === previous.suite &&
    groupInfo.signer.leafIndex === applied.delta.committerLeafIndex &&
    equalBytes(groupInfo.confirmationTag, commit.confirmationTag) &&
    groupInfo.leaves.length === applied.leaves.size &&
    groupInfo.leaves.every(({ leafIndex, encoded }) => {
      const expected = applied.leaves.get(leafIndex);
      return expected !== undefined && equalBytes(expected.encoded, encoded);
    })
  );
}

/**
 * Checks that a GroupInfo is the first of a group (`ML31`): epoch 0, no history, one leaf. Gives the founder's 32-byte
 * actor key, and the signatures that prove it.
 */
export function checkFoundingGroupInfo(
  groupInfo: MlsGroupInfo,
): Result<{ readonly founder: Uint8Array; readonly signatures: readonly VerifyJob[] }, MlsRefusal<MlsGroupInfoCode>> {
  const { epoch, confirmedTranscriptHash, leaves, signer } = groupInfo;
  const isFounding =
    epoch === 0 && confirmedTranscriptHash.length === 0 && leaves.length === 1 && signer.leafIndex === 0;
  if (!isFounding) return refuse('group-info-not-founding');
  return ok({ founder: signer.actor, signatures: groupInfoSignatures(groupInfo) });
}
