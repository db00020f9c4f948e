import { p256 } from '@noble/curves/nist.js';
import type { VerifyJob } from './signature-checker.ts';

/** An uncompressed point (SEC 1 §2.3.3): what RFC 9420 §5.1.1 makes of a P-256 public key. */
export const P256_KEY_BYTES = 65;
/** ASN.1 framing around two integers of at most 33 bytes. */
const MAX_DER_BYTES = 72;

/** As in RFC 9420 §5.1.2. Both values of s pass: MLS keeps no signature unique. */
const SCHEME = { prehash: true, format: 'der', lowS: false } as const;

/** Whether a key can only be one of P-256: no other that is verified here has its length. */
export function isP256Key({ length }: Uint8Array): boolean {
  return length === P256_KEY_BYTES;
}

/**
 * ECDSA with P-256 and SHA-256, the signature in DER. By one implementation everywhere, since platforms differ in which
 * encodings of DER they take, and a commit that one member follows and another doesn't splits the group.
 */
export function verifyP256({ key, message, signature }: VerifyJob): boolean {
  if (!isP256Key(key) || signature.length > MAX_DER_BYTES) return false;
  try {
    return p256.verify(signature, message, key, SCHEME);
  } catch {
    // A key that is no point, or bytes that are no DER: a verdict, not a fault.
    return false;
  }
}

/** `secret` is the 32-byte scalar. */
export function p256PublicKeyOf(secret: Uint8Array): Uint8Array {
  return p256.getPublicKey(secret, false);
}

/** A scalar from 48 random bytes (FIPS 186-5 A.2.1), so that every one of them is as likely. */
export function p256SecretOf(random: Uint8Array): Uint8Array {
  return p256.utils.randomSecretKey(random);
}
