import type { GroupInfo } from 'ts-mls';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { equalBytes } from '../bytes/index.ts';
import { decode, opaqueVector } from '../codec/index.ts';
import { sha256, type VerifyJob } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { readEpoch } from './epoch.ts';
import { leafSignatures, type MlsTreeLeaf } from './leaf.ts';
import { MAX_GROUP_INFO_BYTES } from './limits.ts';
import { MESSAGE_HEADER_BYTES, openMlsMessage } from './message.ts';
import { parseRatchetTree } from './ratchet-tree.ts';
import { refuse, type MlsGroupInfoCode, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { mlsSignatureJob, withoutTrailing } from './signed-bytes.ts';
import { findSuiteByName, type CredentialMode } from './suite.ts';

/** A GroupInfo with its tree (RFC 9420 §12.4.3). It is genuine once `groupInfoSignatures` verified. */
export interface MlsGroupInfo {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly suite: number;
  readonly treeHash: Uint8Array;
  readonly confirmedTranscriptHash: Uint8Array;
  readonly confirmationTag: Uint8Array;
  /** The GroupContext as received: what handshakes of this epoch are signed over. */
  readonly groupContext: Uint8Array;
  /** In order of their index. */
  readonly leaves: readonly MlsTreeLeaf[];
  readonly signer: MlsTreeLeaf;
  /** What an external commit is encrypted to; undefined where the GroupInfo allows none. */
  readonly externalPub: Uint8Array | undefined;
  /** SHA-256 of the MLSMessage. */
  readonly hash: Uint8Array;
  readonly signature: VerifyJob;
}

type GroupInfoRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | MlsGroupInfoCode>;

/**
 * Parses an MLSMessage that holds a GroupInfo (`ML30`). `ratchetTree` is the content of its `ratchet_tree` extension, for where
 * it has none.
 */
export function parseGroupInfo(
  bytes: Uint8Array,
  ratchetTree?: Uint8Array,
  credentials: CredentialMode = 'bound',
): Result<MlsGroupInfo, GroupInfoRefusal> {
  const message = openMlsMessage(bytes, 'mls_group_info', MAX_GROUP_INFO_BYTES);
  return message.ok ? readGroupInfo(bytes, message.value.groupInfo, { ratchetTree, credentials }) : message;
}

function readGroupInfo(
  bytes: Uint8Array,
  groupInfo: GroupInfo,
  { ratchetTree, credentials }: { readonly ratchetTree: Uint8Array | undefined; readonly credentials: CredentialMode },
): Result<MlsGroupInfo, GroupInfoRefusal> {
  const { groupContext, confirmationTag, signature } = groupInfo;
  const suite = findSuiteByName(groupContext.cipherSuite);
  if (suite === undefined) return refuse('mls-suite');
  const epoch = readEpoch(groupContext.epoch);
  if (epoch === undefined) return refuse('mls-malformed');
  const encodedTree = extensionData(groupInfo, 'ratchet_tree') ?? ratchetTree;
  if (encodedTree === undefined) return refuse('group-info-tree-missing');
  const tree = parseRatchetTree(encodedTree, { suite, credentials });
  if (!tree.ok) return tree;
  const { leaves, hash } = tree.value;
  // A tree that the group didn't agree on would let its server choose who the members seem to be.
  if (!equalBytes(hash, groupContext.treeHash)) return refuse('group-info-tree-hash');
  const signer = leaves.find(({ leafIndex }) => leafIndex === groupInfo.signer);
  if (signer === undefined) return refuse('group-info-signer');
  const externalPub = readExternalPub(groupInfo, suite.hpkeKeyBytes);
  if (!externalPub.ok) return externalPub;
  const content = withoutTrailing(bytes.subarray(MESSAGE_HEADER_BYTES), signature);
  return ok({
    groupId: groupContext.groupId,
    epoch,
    suite: suite.id,
    treeHash: groupContext.treeHash,
    confirmedTranscriptHash: groupContext.confirmedTranscriptHash,
    confirmationTag,
    groupContext: encodeGroupContext(groupContext),
    leaves,
    signer,
    externalPub: externalPub.value,
    hash: sha256(bytes),
    signature: mlsSignatureJob({ key: signer.signatureKey, label: 'GroupInfoTBS', content, signature }),
  });
}

/**
 * The content of a GroupInfo's `ratchet_tree` extension under the tree hash that it is to have, both unverified; undefined where
 * it has none, or is no GroupInfo at all.
 */
export function ratchetTreeOf(
  bytes: Uint8Array,
): { readonly hash: Uint8Array; readonly bytes: Uint8Array } | undefined {
  const message = openMlsMessage(bytes, 'mls_group_info', MAX_GROUP_INFO_BYTES);
  const tree = message.ok ? extensionData(message.value.groupInfo, 'ratchet_tree') : undefined;
  return message.ok && tree !== undefined
    ? { hash: message.value.groupInfo.groupContext.treeHash, bytes: tree }
    : undefined;
}

function extensionData({ extensions }: GroupInfo, type: 'ratchet_tree' | 'external_pub'): Uint8Array | undefined {
  return extensions.find(({ extensionType }) => extensionType === type)?.extensionData;
}

function readExternalPub(
  groupInfo: GroupInfo,
  keyBytes: number,
): Result<Uint8Array | undefined, MlsRefusal<MlsGroupInfoCode>> {
  const data = extensionData(groupInfo, 'external_pub');
  if (data === undefined) return ok(undefined);
  const externalPub = decode(opaqueVector(keyBytes), data);
  return externalPub.ok && externalPub.value.length === keyBytes ? externalPub : refuse('group-info-external-pub');
}

/**
 * Every signature that makes a GroupInfo genuine: the signer's, and each leaf's with its binding. Leaves that are in
 * `verified`, an earlier GroupInfo of the same group, at the same place and byte for byte are left out: in a group of a
 * thousand, a commit changes one or two.
 */
export function groupInfoSignatures(groupInfo: MlsGroupInfo, verified?: MlsGroupInfo): readonly VerifyJob[] {
  const { groupId } = groupInfo;
  // A leaf's signature covers its group, so what was verified for another one proves nothing here.
  const known = verified && equalBytes(verified.groupId, groupId) ? verified.leaves : [];
  const knownByIndex = new Map(known.map((leaf) => [leaf.leafIndex, leaf.encoded]));
  const jobs = [groupInfo.signature];
  for (const leaf of groupInfo.leaves) {
    const before = knownByIndex.get(leaf.leafIndex);
    if (before !== undefined && equalBytes(before, leaf.encoded)) continue;
    jobs.push(...leafSignatures(leaf, { groupId, leafIndex: leaf.leafIndex }));
  }
  return jobs;
}
