import { ed25519 } from '@noble/curves/ed25519.js';

/**
 * Points and signatures that honest code never makes. All eight points of small order, as multiples of one of order 8.
 */
export const { Point } = ed25519;
export type Point = ReturnType<typeof Point.fromBytes>;

export const TORSION: readonly Point[] = multiplesOf(
  Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
);

function multiplesOf(generator: Point): Point[] {
  const points: Point[] = [Point.ZERO];
  for (let i = 1; i < 8; i++) points.push((points[i - 1] as Point).add(generator));
  return points;
}

/** Little-endian bytes of a value below 2^256. */
export function scalarBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

export function scalarOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
