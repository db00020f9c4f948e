import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../../core/bytes/index.ts';
import type { VerifyJob } from '../../../core/crypto/index.ts';
import { Point, scalarBytes, scalarOf, TORSION } from './torsion.ts';

/**
 * A key with a torsion component, and a signature that satisfies the cofactorless equation all the same: the message is
 * varied until h is a multiple of 8, where the component vanishes. Only the torsion check can refuse it.
 */
export function signWithMixedOrderKey(seed: Uint8Array, torsionIndex: number): VerifyJob {
  const { scalar, point } = ed25519.utils.getExtendedPublicKey(seed);
  const key = point.add(TORSION[torsionIndex]!).toBytes();
  const nonce = 7_777_777n;
  const encodedR = Point.BASE.multiply(nonce).toBytes();
  for (let counter = 0; ; counter++) {
    const message = Uint8Array.of(counter >> 8, counter & 0xff);
    const digest = scalarOf(sha512(concatBytes(encodedR, key, message)));
    const h = digest % Point.Fn.ORDER;
    if (h % 8n !== 0n) continue;
    const s = (nonce + h * scalar) % Point.Fn.ORDER;
    return { key, message, signature: concatBytes(encodedR, scalarBytes(s)) };
  }
}

/** An honest key, but R with a torsion component: verifiers that multiply by the cofactor accept it. */
export function signWithMixedOrderR(seed: Uint8Array, torsionIndex: number, message: Uint8Array): VerifyJob {
  const { scalar, pointBytes: key } = ed25519.utils.getExtendedPublicKey(seed);
  const nonce = 424_242n;
  const encodedR = Point.BASE.multiply(nonce).add(TORSION[torsionIndex]!).toBytes();
  const h = scalarOf(sha512(concatBytes(encodedR, key, message))) % Point.Fn.ORDER;
  return { key, message, signature: concatBytes(encodedR, scalarBytes((nonce + h * scalar) % Point.Fn.ORDER)) };
}
