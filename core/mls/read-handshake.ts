import type { PublicMessage } from 'ts-mls';
import { sha256 } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { readEpoch } from './epoch.ts';
import type { MlsHandshake, MlsSender } from './handshake.ts';
import { refuse, type MlsRefusal } from './refusal.ts';
import { refHash, withoutTrailing } from './signed-bytes.ts';

export function readHandshake(
  bytes: Uint8Array,
  message: PublicMessage,
): Result<MlsHandshake, MlsRefusal<'mls-malformed'>> {
  const { content, auth } = message;
  const epoch = readEpoch(content.epoch);
  if (epoch === undefined) return refuse('mls-malformed');
  return ok({
    groupId: content.groupId,
    epoch,
    sender: readSender(content.sender),
    authenticatedData: content.authenticatedData,
    hash: sha256(bytes),
    signed: withoutTrailing(bytes, auth.signature, ...trailingTags(message)),
    signature: auth.signature,
  });
}

/** Everything behind the signature: the confirmation tag of a commit, the membership tag of a member. */
function trailingTags(message: PublicMessage): Uint8Array[] {
  return [
    ...(message.auth.contentType === 'commit' ? [message.auth.confirmationTag] : []),
    ...(message.senderType === 'member' ? [message.membershipTag] : []),
  ];
}

export function readSender(sender: PublicMessage['content']['sender']): MlsSender {
  switch (sender.senderType) {
    case 'member':
      return { kind: 'member', leafIndex: sender.leafIndex };
    case 'external':
      return { kind: 'external', senderIndex: sender.senderIndex };
    case 'new_member_proposal':
      return { kind: 'new-member-proposal' };
    case 'new_member_commit':
      return { kind: 'new-member-commit' };
  }
}

const VERSION_BYTES = 2;

/** ProposalRef (RFC 9420 §5.2): the hash of the message from its wire format on, less the membership tag. */
export function proposalRef(bytes: Uint8Array, message: PublicMessage, hash = sha256): Uint8Array {
  const tags = message.senderType === 'member' ? [message.membershipTag] : [];
  return refHash('Proposal', withoutTrailing(bytes, ...tags).subarray(VERSION_BYTES), hash);
}

/** What the transcript takes in of a commit: from its wire format to its signature (RFC 9420 §8.2). */
export function confirmedContent(bytes: Uint8Array, message: PublicMessage): Uint8Array {
  return withoutTrailing(bytes, ...trailingTags(message)).subarray(VERSION_BYTES);
}
