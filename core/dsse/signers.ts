import { equalBytes, toBase64Url } from '../bytes/index.ts';
import { checkSignaturesAtOnce, type VerifyJob } from '../crypto/index.ts';
import type { DsseEnvelope } from './envelope.ts';
import { preAuthEncoding } from './pre-auth-encoding.ts';

/** The question whether this key made this signature of the payload. */
export function dsseVerifyJob(
  { payloadType, payload }: Pick<DsseEnvelope, 'payloadType' | 'payload'>,
  { key, signature }: Pick<VerifyJob, 'key' | 'signature'>,
): VerifyJob {
  return { key, message: preAuthEncoding(payloadType, payload), signature };
}

/**
 * For each signature of an envelope the trusted Ed25519 key that made it, or undefined (DSSE protocol, "Multi-signature
 * Verification"). Every key is tried, for a key id is a hint that anybody may have written; one that names a trusted key is only
 * tried first. A threshold counts the distinct keys among these.
 */
export function findSigners(
  envelope: DsseEnvelope,
  trusted: readonly Uint8Array[],
): readonly (Uint8Array | undefined)[] {
  return envelope.signatures.map(({ keyId, signature }) => {
    const hinted = trusted.filter((key) => toBase64Url(key) === keyId);
    const order = [...hinted, ...trusted.filter((key) => !hinted.some((other) => equalBytes(other, key)))];
    return order.find((key) => checkSignaturesAtOnce([dsseVerifyJob(envelope, { key, signature })])[0] === true);
  });
}

/** How many distinct trusted keys signed. */
export function countSigners(envelope: DsseEnvelope, trusted: readonly Uint8Array[]): number {
  const signers = findSigners(envelope, trusted).filter((key) => key !== undefined);
  return signers.filter((key, i) => !signers.slice(0, i).some((earlier) => equalBytes(earlier, key))).length;
}
