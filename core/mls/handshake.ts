import type { PublicMessage } from 'ts-mls';
import { concatBytes } from '../bytes/index.ts';
import { sha256, type VerifyJob } from '../crypto/index.ts';
import { ok, type Result } from '../result.ts';
import { refuse, type MlsRefusal } from './refusal.ts';
import { mlsSignatureJob, refHash, withoutTrailing } from './signed-bytes.ts';

export type MlsSender =
  | { readonly kind: 'member'; readonly leafIndex: number }
  | { readonly kind: 'external'; readonly senderIndex: number }
  | { readonly kind: 'new-member-proposal' | 'new-member-commit' };

/** What every PublicMessage says in the open (RFC 9420 §6.2). */
export interface MlsHandshake {
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly sender: MlsSender;
  readonly authenticatedData: Uint8Array;
  /** SHA-256 of the MLSMessage: what an event names it by. */
  readonly hash: Uint8Array;
  /** Version, wire format and FramedContent as received: what the signature covers, before the GroupContext. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

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

function readSender(sender: PublicMessage['content']['sender']): MlsSender {
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

/** Undefined above 2^53-1, which no group reaches. */
export function readEpoch(epoch: bigint): number | undefined {
  return epoch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(epoch) : undefined;
}

/** The sender's signature, which covers the GroupContext of the epoch that the message was made in (RFC 9420 §6.1). */
export function handshakeSignature(
  handshake: MlsHandshake,
  signer: { readonly key: Uint8Array; readonly groupContext: Uint8Array },
): VerifyJob {
  const content = concatBytes(handshake.signed, signer.groupContext);
  return mlsSignatureJob({ key: signer.key, label: 'FramedContentTBS', content, signature: handshake.signature });
}

const VERSION_BYTES = 2;

/** ProposalRef (RFC 9420 §5.2): the hash of the message from its wire format on, less the membership tag. */
export function proposalRef(bytes: Uint8Array, message: PublicMessage): Uint8Array {
  const tags = message.senderType === 'member' ? [message.membershipTag] : [];
  return refHash('Proposal', withoutTrailing(bytes, ...tags).subarray(VERSION_BYTES));
}
