import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { equalBytes, toBase64 } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { MAX_GROUP_INFO_BYTES } from '../limits.ts';
import { MESSAGE_HEADER_BYTES, openMlsMessage } from '../message.ts';
import {
  refuse,
  type MlsCommitCode,
  type MlsMessageCode,
  type MlsNextGroupInfoCode,
  type MlsRefusal,
} from '../refusal.ts';
import { mlsSignatureJob, withoutTrailing } from '../signed-bytes.ts';
import { findSuite, type PublicSuite } from '../suite.ts';
import { parseWelcome } from '../welcome.ts';
import type { FollowedCommit } from './apply-commit.ts';
import { encodePublicTree } from './encode-tree.ts';
import { kindOfExternalPub, treeExtensionOf } from './group-info-extensions.ts';

type GroupInfoRefusal = MlsRefusal<MlsMessageCode | MlsNextGroupInfoCode>;

/**
 * Checks that a GroupInfo is the committer's, of exactly the epoch that the commit begins. Gives the signature to verify;
 * the leaves' own were checked when they came. It need not hold the tree, whose hash is in the GroupContext; one that it holds is
 * compared as bytes, so it need not be parsed or hashed again.
 */
export function checkNextGroupInfo(followed: FollowedCommit, bytes: Uint8Array): Result<VerifyJob, GroupInfoRefusal> {
  const message = openMlsMessage(bytes, 'mls_group_info', MAX_GROUP_INFO_BYTES);
  if (!message.ok) return message;
  const { groupInfo } = message.value;
  const { group, committer } = followed;
  const { signature, confirmationTag, extensions } = groupInfo;
  if (!equalBytes(encodeGroupContext(groupInfo.groupContext), group.encodedContext))
    return refuse('next-group-context');
  if (!equalBytes(confirmationTag, group.confirmationTag)) return refuse('next-confirmation-tag');
  if (groupInfo.signer !== committer.leafIndex) return refuse('next-signer');
  if (new Set(extensions.map(({ extensionType }) => extensionType)).size !== extensions.length) {
    return refuse('next-extensions');
  }
  const tree = treeExtensionOf(groupInfo);
  if (tree !== undefined && !equalBytes(tree, encodePublicTree(group.tree))) return refuse('next-tree');
  const externalPub = kindOfExternalPub(groupInfo, committer.leaf.node.hpkePublicKey.length);
  // Whoever loses its keys in the epoch comes back by it, or not at all.
  if (externalPub === 'missing') return refuse('next-no-external-pub');
  if (externalPub === 'malformed') return refuse('next-external-pub');
  const content = withoutTrailing(bytes.subarray(MESSAGE_HEADER_BYTES), signature);
  const key = committer.leaf.node.signaturePublicKey;
  return ok(mlsSignatureJob({ key, label: 'GroupInfoTBS', content, signature }));
}

type WelcomeRefusal = MlsRefusal<MlsMessageCode | Extract<MlsCommitCode, 'commit-welcome'>>;

/**
 * Checks that a Welcome is of the group's suite and names exactly the added KeyPackages, each once; empty bytes where nobody
 * is added.
 */
export function checkWelcome(
  { added, group }: Pick<FollowedCommit, 'added' | 'group'>,
  bytes: Uint8Array,
): Result<undefined, WelcomeRefusal> {
  return checkWelcomeRefs(
    added.map(({ ref }) => ref),
    group.rules.suite,
    bytes,
  );
}

/** The same for KeyPackages that a commit is only said to add (`ML101`). One that is named twice fits no Welcome. */
export function checkWelcomeRefs(
  added: readonly Uint8Array[],
  suite: PublicSuite,
  bytes: Uint8Array,
): Result<undefined, WelcomeRefusal> {
  if (bytes.length === 0) return added.length === 0 ? ok(undefined) : refuse('commit-welcome');
  const welcome = parseWelcome(bytes);
  if (!welcome.ok) return welcome;
  if (findSuite(welcome.value.suite)?.name !== suite.name) return refuse('mls-suite');
  const wanted = new Set(added.map(toBase64));
  const named = new Set(welcome.value.refs.map(toBase64));
  const isExact =
    wanted.size > 0 &&
    [added.length, welcome.value.refs.length].every((count) => count === wanted.size) &&
    [...wanted].every((ref) => named.has(ref));
  return isExact ? ok(undefined) : refuse('commit-welcome');
}
