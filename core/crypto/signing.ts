import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes/index.ts';
import { decodePoint, isAdmissibleKey, isAdmissibleSignature, SIGNATURE_BYTES } from './admission.ts';
import { POINT_BYTES } from './encoded-point.ts';
import type { VerifyJob } from './signature-checker.ts';

/** Ed25519 (RFC 8032 §5.1.6) in plain TypeScript: the same 64 bytes as any platform's. `seed` is the 32-byte private key. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

/** Any so many bytes are the seed of an Ed25519 key (RFC 8032 §5.1.5). */
export const SEED_BYTES = 32;

/** The 32-byte public key of a 32-byte seed (RFC 8032 §5.1.5). */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}

/**
 * The whole admission rule without a platform: the judge in tests, and of the rare signature that a rule of the state must
 * verify by itself (`ID2`). Pays for the torsion check every time, so to verify many where no platform verifier exists, give
 * `satisfiesEquation` to `createSignatureChecker` instead.
 */
export function verifyOracle(job: VerifyJob): boolean {
  return isAdmissibleKey(job.key) && isAdmissibleSignature(job.signature) && satisfiesEquation(job);
}

/**
 * The cofactorless equation (`ED1`): encode([S]B - [h]A) equals the bytes of R, with h = SHA-512(R || A || M) mod L. The
 * library's own `verify` multiplies by the cofactor, hence this. Ten times slower than a platform's verifier.
 */
export function satisfiesEquation(job: VerifyJob): boolean {
  const { key, message, signature } = job;
  const { Point } = ed25519;
  const point = decodePoint(key);
  const encodedR = signature.subarray(0, POINT_BYTES);
  const s = littleEndian(signature.subarray(POINT_BYTES));
  if (point === undefined || signature.length !== SIGNATURE_BYTES || s >= Point.Fn.ORDER) return false;
  const h = Point.Fn.create(littleEndian(sha512(concatBytes(encodedR, key, message))));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(h));
  return equalBytes(expected.toBytes(), encodedR);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}
