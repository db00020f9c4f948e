import type { Extension } from 'ts-mls';
import { equalBytes } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { MAX_GROUP_INFO_BYTES } from '../limits.ts';
import { MESSAGE_HEADER_BYTES, openMlsMessage } from '../message.ts';
import {
  refuse,
  type MlsGroupInfoCode,
  type MlsLeafCode,
  type MlsMessageCode,
  type MlsRefusal,
  type MlsTreeCode,
} from '../refusal.ts';
import { mlsSignatureJob, withoutTrailing } from '../signed-bytes.ts';
import { DEFAULT_TERMS } from '../suite.ts';
import { checkMembers } from './check-members.ts';
import { readGroupExtensions } from './group-extensions.ts';
import { kindOfExternalPub, treeExtensionOf } from './group-info-extensions.ts';
import { memberRules, type MemberRules } from './member-rules.ts';
import { beginEpoch, type PublicGroup } from './public-group.ts';
import { leafAt, treeHashOf } from './public-tree.ts';
import { readTree } from './read-tree.ts';

export interface BootstrappedGroup {
  readonly group: PublicGroup;
  /** Whether anyone can come in from outside by this GroupInfo. */
  readonly hasExternalPub: boolean;
  /** The GroupInfo's and every leaf's, by the suite's scheme. Nothing is genuine before they verify. */
  readonly signatures: readonly VerifyJob[];
  /** Of every leaf's credential, Ed25519. */
  readonly bindings: readonly VerifyJob[];
}

export type BootstrapRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | MlsGroupInfoCode | MlsTreeCode>;

const DEFAULT_RULES = memberRules(DEFAULT_TERMS);

/**
 * Begins to follow a group at any epoch, from a GroupInfo and its tree, with every check of a joiner that needs no secrets
 * (RFC 9420 §12.4.3.1). Who has verified the GroupInfo before, and kept its hash, need not verify the signatures again.
 */
export function bootstrapGroup(
  groupInfoMessage: Uint8Array,
  options: {
    readonly rules?: MemberRules;
    /** Gives the tree with this tree hash, for a GroupInfo that holds none. */
    readonly treeOf?: (treeHash: Uint8Array) => Uint8Array | undefined;
  } = {},
): Result<BootstrappedGroup, BootstrapRefusal> {
  const { rules = DEFAULT_RULES, treeOf } = options;
  const message = openMlsMessage(groupInfoMessage, 'mls_group_info', MAX_GROUP_INFO_BYTES);
  if (!message.ok) return message;
  const { groupInfo } = message.value;
  const { groupContext: context, confirmationTag, signature, signer: signerIndex } = groupInfo;
  if (context.cipherSuite !== rules.suite.name) return refuse('mls-suite');
  if (confirmationTag.length !== rules.suite.hashBytes) return refuse('mls-malformed');
  const encodedTree = treeExtensionOf(groupInfo) ?? treeOf?.(context.treeHash);
  if (encodedTree === undefined) return refuse('group-info-tree-missing');
  const read = readTree(encodedTree, rules, context.groupId);
  if (!read.ok) return read;
  const { tree, signatures, bindings } = read.value;
  // A tree that the group didn't agree on would let whoever keeps it choose who the members seem to be.
  if (!equalBytes(treeHashOf(tree), context.treeHash)) return refuse('group-info-tree-hash');
  const sound = checkMembers(tree, context.extensions);
  if (!sound.ok) return sound;
  const senders = readSenders(context.extensions, rules);
  if (!senders.ok) return senders;
  const signer = leafAt(tree, signerIndex);
  if (signer === undefined) return refuse('group-info-signer');
  const externalPub = kindOfExternalPub(groupInfo, signer.node.hpkePublicKey.length);
  if (externalPub === 'malformed') return refuse('group-info-external-pub');
  const content = withoutTrailing(groupInfoMessage.subarray(MESSAGE_HEADER_BYTES), signature);
  const key = signer.node.signaturePublicKey;
  const own = mlsSignatureJob({ key, label: 'GroupInfoTBS', content, signature });
  const group = beginEpoch({ rules, tree, context, confirmationTag, isSuspended: false });
  return ok({
    group,
    hasExternalPub: externalPub === 'sound',
    signatures: [own, ...signatures],
    bindings: [...bindings, ...senders.value],
  });
}

function readSenders(extensions: readonly Extension[], rules: MemberRules): ReturnType<MemberRules['readExtensions']> {
  const read = readGroupExtensions(extensions);
  return read.ok ? rules.readExtensions(read.value) : read;
}
