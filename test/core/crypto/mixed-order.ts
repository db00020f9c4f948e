import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../../core/bytes/index.ts';
import type { VerifyJob } from '../../../core/crypto/index.ts';
import { Point, scalarBytes, scalarOf, TORSION } from './torsion.ts';

/** Messages that a forger may choose from, each naming the key that it is for. */
type MessageOf = (key: Uint8Array, counter: number) => Uint8Array;

const counted: MessageOf = (_, counter) => Uint8Array.of(counter >> 8, counter & 0xff);

/**
 * A key with a torsion component, and a signature that satisfies the cofactorless equation all the same: the message is
 * varied until h is a multiple of 8, where the component vanishes. Only the torsion check can refuse it.
 */
export function signWithMixedOrderKey(seed: Uint8Array, torsionIndex: number, messageOf = counted): VerifyJob {
  const { scalar, point } = ed25519.utils.getExtendedPublicKey(seed);
  return signBesideTorsion(scalar, point.add(TORSION[torsionIndex]!).toBytes(), messageOf);
}

/** The same with a key that is nothing but torsion: whoever knows no secret signs with it. */
export function signWithSmallOrderKey(torsionIndex: number, messageOf = counted): VerifyJob {
  return signBesideTorsion(0n, TORSION[torsionIndex]!.toBytes(), messageOf);
}

function signBesideTorsion(scalar: bigint, key: Uint8Array, messageOf: MessageOf): VerifyJob {
  const nonce = 7_777_777n;
  const encodedR = Point.BASE.multiply(nonce).toBytes();
  for (let counter = 0; ; counter++) {
    const message = messageOf(key, counter);
    const digest = scalarOf(sha512(concatBytes(encodedR, key, message)));
    const h = digest % Point.Fn.ORDER;
    if (h % 8n !== 0n) continue;
    const s = (nonce + h * scalar) % Point.Fn.ORDER;
    return { key, message, signature: concatBytes(encodedR, scalarBytes(s)) };
  }
}

/** An honest key, but R is the neutral element: the equation holds without any nonce. */
export function signWithSmallOrderR(seed: Uint8Array, message: Uint8Array): VerifyJob {
  const { scalar, pointBytes: key } = ed25519.utils.getExtendedPublicKey(seed);
  const encodedR = TORSION[0]!.toBytes();
  const h = scalarOf(sha512(concatBytes(encodedR, key, message))) % Point.Fn.ORDER;
  return { key, message, signature: concatBytes(encodedR, scalarBytes((h * scalar) % Point.Fn.ORDER)) };
}

/** A second form of a signature: S + L satisfies the same equation. */
export function withUnreducedScalar(signature: Uint8Array): Uint8Array {
  const s = scalarOf(signature.subarray(32));
  return concatBytes(signature.subarray(0, 32), scalarBytes(s + Point.Fn.ORDER));
}

/** An honest key, but R with a torsion component: verifiers that multiply by the cofactor accept it. */
export function signWithMixedOrderR(seed: Uint8Array, torsionIndex: number, message: Uint8Array): VerifyJob {
  const { scalar, pointBytes: key } = ed25519.utils.getExtendedPublicKey(seed);
  const nonce = 424_242n;
  const encodedR = Point.BASE.multiply(nonce).add(TORSION[torsionIndex]!).toBytes();
  const h = scalarOf(sha512(concatBytes(encodedR, key, message))) % Point.Fn.ORDER;
  return { key, message, signature: concatBytes(encodedR, scalarBytes((nonce + h * scalar) % Point.Fn.ORDER)) };
}
