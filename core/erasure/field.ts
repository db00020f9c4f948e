/**
 * GF(2^8): bytes as polynomials over GF(2) modulo x^8 + x^4 + x^3 + x^2 + 1 (`RS1`). Adding is exclusive or. Multiplying
 * adds logarithms to the base 2, which generates the field.
 */
const POLYNOMIAL = 0x11d;
const GENERATOR = 2;
/** Elements other than 0, and so the period of the powers of the generator. */
const ORDER = 255;

const { powers, logarithms } = makeTables();
const multiples: (Uint8Array | undefined)[] = [];

/** Both are bytes, and so is the product. */
export function multiplyBytes(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powerAt(logarithmOf(a) + logarithmOf(b));
}

/** The byte that gives 1 with this one. 0 has none and throws. */
export function invertByte(byte: number): number {
  if (byte === 0) throw new RangeError('0 has no inverse');
  return powerAt(ORDER - logarithmOf(byte));
}

/** The byte times itself, `exponent` times over; the 0th power of anything, 0 included, is 1. */
export function raiseByte(byte: number, exponent: number): number {
  if (exponent === 0) return 1;
  return byte === 0 ? 0 : powerAt((logarithmOf(byte) * exponent) % ORDER);
}

/** The byte's products with all 256 bytes, in their order. There are 256 such tables; each is made when it is first asked for. */
export function multiplesOf(byte: number): Uint8Array {
  return (multiples[byte] ??= Uint8Array.from({ length: 256 }, (_, other) => multiplyBytes(byte, other)));
}

function powerAt(exponent: number): number {
  return powers[exponent] as number;
}

function logarithmOf(byte: number): number {
  return logarithms[byte] as number;
}

/** The powers are there twice, so that a sum of two logarithms needs no remainder. */
function makeTables(): { powers: Uint8Array; logarithms: Uint8Array } {
  const powers = new Uint8Array(2 * ORDER);
  const logarithms = new Uint8Array(ORDER + 1);
  for (let exponent = 0, byte = 1; exponent < ORDER; exponent++) {
    powers[exponent] = byte;
    powers[exponent + ORDER] = byte;
    logarithms[byte] = exponent;
    byte *= GENERATOR;
    if (byte > ORDER) byte ^= POLYNOMIAL;
  }
  return { powers, logarithms };
}
