import { p256 } from '@noble/curves/nist.js';
import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSignatureChecker, p256PublicKeyOf, p256SecretOf, type VerifyJob } from '../../../core/crypto/index.ts';

const SECRET = p256SecretOf(Uint8Array.from({ length: 48 }, (_, i) => i + 1));
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

function signed(message = new TextEncoder().encode('a commit')): VerifyJob {
  const signature = p256.sign(message, SECRET, { prehash: true, format: 'der', lowS: false });
  return { key: p256PublicKeyOf(SECRET), message, signature };
}

/** Verifies with a port that nothing of P-256 may reach. */
function verdictOn(...jobs: VerifyJob[]): boolean[] {
  const { check } = createSignatureChecker({
    verifyBatch: (others) => {
      if (others.length > 0) throw new Error('a job of P-256 reached the platform');
      return [];
    },
  });
  return check(jobs);
}

describe('P-256', () => {
  test('[ML8] a signature that another implementation takes is taken, by the key’s length alone', () => {
    const { key, message, signature } = signed();
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' });
    expect(nodeVerify('sha256', message, publicKey, signature)).toBe(true);
    expect(verdictOn(signed())).toEqual([true]);
  });

  test('[ML8] another message, key or signature is refused, and so is every other encoding of the same', () => {
    const job = signed();
    const { key, signature } = job;
    const flipped = signature.slice();
    flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1;
    // A length in two bytes where one does: BER, and not DER.
    const longLength = Uint8Array.of(0x30, 0x81, signature[1] as number, ...signature.subarray(2));
    const otherKey = p256PublicKeyOf(p256SecretOf(new Uint8Array(48).fill(9)));
    const bad: VerifyJob[] = [
      { ...job, message: new Uint8Array(3) },
      { ...job, key: otherKey },
      { ...job, key: p256.getPublicKey(SECRET, true) },
      { ...job, key: Uint8Array.of(5, ...key.subarray(1)) },
      { ...job, key: new Uint8Array(65) },
      { ...job, signature: flipped },
      { ...job, signature: longLength },
      { ...job, signature: Uint8Array.of(...signature, 0) },
      { ...job, signature: new Uint8Array() },
      { ...job, signature: new Uint8Array(1_000_000) },
    ];
    expect(verdictOn(...bad, job)).toEqual([...Array<boolean>(bad.length).fill(false), true]);
  });
});
