import { concatBytes } from '../bytes/index.ts';
import type { VerifyJob } from '../crypto/index.ts';
import { mlsSignatureJob } from './signed-bytes.ts';

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

/** The sender's signature, which covers the GroupContext of the epoch that the message was made in (RFC 9420 §6.1). */
export function handshakeSignature(
  handshake: MlsHandshake,
  signer: { readonly key: Uint8Array; readonly groupContext: Uint8Array },
): VerifyJob {
  const content = concatBytes(handshake.signed, signer.groupContext);
  return mlsSignatureJob({ key: signer.key, label: 'FramedContentTBS', content, signature: handshake.signature });
}
