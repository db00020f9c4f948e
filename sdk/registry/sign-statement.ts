import { adminKeyId, equalBytes, preAuthEncoding, type DsseEnvelope } from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';

/**
 * Adds an admin's signature to an envelope (`AR11`), beside those that it has. One that it has already, to the byte, is not added
 * again; one under the same key id that is another stays, for what it is worth is decided by whoever verifies. Look at what the envelope
 * says first (`readAdminStatement`).
 */
export async function signStatement(envelope: DsseEnvelope, signer: ActorSigner): Promise<DsseEnvelope> {
  const signature = await signer.sign(preAuthEncoding(envelope.payloadType, envelope.payload));
  const isThere = envelope.signatures.some((other) => equalBytes(other.signature, signature));
  if (isThere) return envelope;
  return { ...envelope, signatures: [...envelope.signatures, { keyId: adminKeyId(signer.actor), signature }] };
}
