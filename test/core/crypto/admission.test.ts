import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../core/bytes/index.ts';
import {
  isAdmissibleKey,
  isAdmissibleSignature,
  parseActorKey,
  publicKeyOf,
  signEd25519,
  verifyOracle,
} from '../../../core/crypto/index.ts';
import { signWithMixedOrderKey, signWithMixedOrderR } from './mixed-order.ts';
import { Point, scalarBytes, scalarOf, TORSION } from './torsion.ts';

const P = 2n ** 255n - 19n;
const SIGN = 2n ** 255n;
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const KEY = publicKeyOf(SEED);
const ONE = scalarBytes(1n);
const HONEST_R = Point.BASE.multiply(3n).toBytes();
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

function withSign(encoding: Uint8Array, sign: 0 | 1): Uint8Array {
  const bytes = encoding.slice();
  bytes[31] = (bytes[31]! & 0x7f) | (sign << 7);
  return bytes;
}

describe('keys', () => {
  test('[ED5] accepts the public key of any seed', () => {
    fc.assert(
      fc.property(bytes32, (seed) => isAdmissibleKey(publicKeyOf(seed))),
      { numRuns: 30 },
    );
  });

  test('[ED2] refuses any other length without a throw', () => {
    for (const length of [0, 1, 31, 33, 64])
      expect(isAdmissibleKey(new Uint8Array(length).fill(2)), `${length}`).toBe(false);
    expect(isAdmissibleKey(concatBytes(KEY, Uint8Array.of(0)))).toBe(false);
  });

  test('[ED3] refuses every y from p to 2^255 - 1, with either sign', () => {
    for (let y = P; y < SIGN; y++) {
      expect(isAdmissibleKey(scalarBytes(y)), `${y - P}`).toBe(false);
      expect(isAdmissibleKey(scalarBytes(y + SIGN)), `${y - P} signed`).toBe(false);
    }
  });

  test('[ED4] refuses the eight points of small order, with either sign', () => {
    expect(new Set(TORSION.map((point) => point.toHex())).size).toBe(8);
    for (const point of TORSION) {
      expect(isAdmissibleKey(withSign(point.toBytes(), 0))).toBe(false);
      expect(isAdmissibleKey(withSign(point.toBytes(), 1))).toBe(false);
    }
  });

  test('[ED5] refuses a key with any torsion component', () => {
    const [, ...torsion] = TORSION;
    for (const point of torsion) expect(isAdmissibleKey(Point.fromBytes(KEY).add(point).toBytes())).toBe(false);
  });

  test('[ED5] refuses what is no point of the curve', () => {
    expect(() => Point.fromBytes(scalarBytes(2n))).toThrow();
    expect(isAdmissibleKey(scalarBytes(2n))).toBe(false);
  });

  test('[ED5] gives an actor key only for an admissible key, as a copy of its own', () => {
    const frame = concatBytes(KEY, KEY);
    const actor = parseActorKey(frame.subarray(0, 32));
    frame.fill(0);
    expect(actor).toEqual(KEY);
    expect(parseActorKey(frame.subarray(0, 32))).toBeUndefined();
  });
});

describe('signatures', () => {
  test('[ED2] refuses any other length without a throw', () => {
    for (const length of [0, 32, 63, 65, 128]) {
      expect(isAdmissibleSignature(new Uint8Array(length).fill(2)), `${length}`).toBe(false);
    }
  });

  test('[ED3] refuses R with y from p to 2^255 - 1, and takes the y below it', () => {
    for (let y = P; y < SIGN; y++) expect(isAdmissibleSignature(concatBytes(scalarBytes(y), ONE))).toBe(false);
    expect(isAdmissibleSignature(concatBytes(scalarBytes(P - 2n), ONE))).toBe(true);
    expect(isAdmissibleSignature(concatBytes(scalarBytes(P - 2n + SIGN), ONE))).toBe(true);
  });

  test('[ED4] refuses R of small order, with either sign, and no other encoding', () => {
    const small = TORSION.flatMap((point) => [withSign(point.toBytes(), 0), withSign(point.toBytes(), 1)]);
    for (const encoding of small) {
      expect(isAdmissibleSignature(concatBytes(encoding, ONE))).toBe(false);
      const neighbour = encoding.slice();
      neighbour[15] = neighbour[15]! ^ 1;
      expect(isAdmissibleSignature(concatBytes(neighbour, ONE))).toBe(true);
    }
  });

  test('[ED6] takes S below L alone', () => {
    const { ORDER } = Point.Fn;
    const admits = (s: bigint) => isAdmissibleSignature(concatBytes(HONEST_R, scalarBytes(s)));
    for (const s of [0n, 1n, ORDER - 1n, ORDER - 2n ** 64n]) expect(admits(s), `${s}`).toBe(true);
    for (const s of [ORDER, ORDER + 1n, ORDER + 2n ** 64n, 2n ** 253n, 2n ** 256n - 1n])
      expect(admits(s), `${s}`).toBe(false);
    fc.assert(fc.property(fc.bigInt(0n, 2n ** 256n - 1n), (s) => admits(s) === s < ORDER));
  });
});

describe('the oracle', () => {
  test('[ED1] signs and verifies as RFC 8032 §7.1 does', () => {
    const seed = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
    const key = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    const signature = hex(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
    const message = Uint8Array.of(0x72);
    expect(publicKeyOf(seed)).toEqual(key);
    expect(signEd25519(seed, message)).toEqual(signature);
    expect(verifyOracle({ key, message, signature })).toBe(true);
  });

  test('[ED1] refuses a signature after any one bit of it, its key or its message changed', () => {
    const message = Uint8Array.of(1, 2, 3);
    const parts = [KEY, message, signEd25519(SEED, message)];
    const bit = fc.integer({ min: 0, max: parts.reduce((bits, part) => bits + 8 * part.length, 0) - 1 });
    const flipped = (position: number) => {
      let rest = position;
      return parts.map((part) => {
        const copy = part.slice();
        if (rest >= 0 && rest < 8 * part.length) copy[rest >> 3] = copy[rest >> 3]! ^ (1 << (rest & 7));
        rest -= 8 * part.length;
        return copy;
      });
    };
    fc.assert(
      fc.property(bit, (position) => {
        const [key, changed, signature] = flipped(position) as [Uint8Array, Uint8Array, Uint8Array];
        return !verifyOracle({ key, message: changed, signature });
      }),
      { numRuns: 60 },
    );
  });

  test('[ED1] refuses R with a torsion component, which a cofactored verifier accepts', () => {
    for (let i = 1; i < 8; i++) {
      const job = signWithMixedOrderR(SEED, i, Uint8Array.of(i));
      expect(ed25519.verify(job.signature, job.message, job.key, { zip215: true })).toBe(true);
      expect(isAdmissibleSignature(job.signature)).toBe(true);
      expect(verifyOracle(job)).toBe(false);
    }
  });

  test('[ED5] refuses a key of mixed order although the equation holds', () => {
    for (let i = 1; i < 8; i++) expect(verifyOracle(signWithMixedOrderKey(SEED, i))).toBe(false);
  });

  test('[ED6] refuses the second form S + L of a valid signature', () => {
    const message = Uint8Array.of(9);
    const signature = signEd25519(SEED, message);
    const second = scalarBytes(scalarOf(signature.subarray(32)) + Point.Fn.ORDER);
    const forged = concatBytes(signature.subarray(0, 32), second);
    expect(verifyOracle({ key: KEY, message, signature: forged })).toBe(false);
  });

  test('[ED2] never throws, whatever the bytes', () => {
    const anything = fc.uint8Array({ maxLength: 70 });
    const key = fc.oneof(anything, bytes32, fc.constant(KEY));
    const signature = fc.oneof(anything, fc.uint8Array({ minLength: 64, maxLength: 64 }));
    fc.assert(fc.property(fc.record({ key, message: anything, signature }), (job) => !verifyOracle(job)));
  });
});

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
