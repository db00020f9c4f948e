import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { concatBytes, createSignatureChecker, mapKey, type SyncVerifyBatch, type VerifyJob } from '../../core/index.ts';
import type { CheckSignatures } from '../../relay/index.ts';

/** RFC 8410: what stands before the raw key in SubjectPublicKeyInfo and PKCS #8. */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

/** Imported keys an object keeps: importing costs as much as half a verification. */
const MAX_IMPORTED_KEYS = 2_048;

/** Signs with a 32-byte seed. workerd's node:crypto is synchronous, so no await parts a decision from its write. */
export function ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array {
  const key = createPrivateKey({ key: concatBytes(PKCS8_PREFIX, seed), format: 'der', type: 'pkcs8' });
  return (message) => new Uint8Array(sign(null, message, key));
}

/** The admission rule over workerd's verifier. */
export function ed25519Checker(): CheckSignatures {
  const checker = createSignatureChecker({ verifyBatch: createVerifyBatch() });
  return (jobs) => checker.check(jobs);
}

/** workerd's verifier of the equation alone, which answers at once. */
export function createVerifyBatch(): SyncVerifyBatch {
  const imported = new Map<string, KeyObject>();
  const keyOf = (raw: Uint8Array): KeyObject => {
    const name = mapKey(raw);
    const held = imported.get(name);
    if (held !== undefined) return held;
    if (imported.size >= MAX_IMPORTED_KEYS) imported.clear();
    const key = createPublicKey({ key: concatBytes(SPKI_PREFIX, raw), format: 'der', type: 'spki' });
    imported.set(name, key);
    return key;
  };
  const verifyJob = ({ key, message, signature }: VerifyJob): boolean => {
    try {
      return verify(null, message, keyOf(key), signature);
    } catch {
      // A key that the platform can't import signs nothing.
      return false;
    }
  };
  return (jobs) => jobs.map(verifyJob);
}
