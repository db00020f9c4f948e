import { expect, test } from 'vitest';
import { invertByte, multiplesOf, multiplyBytes, raiseByte } from '../../../core/erasure/field.ts';

const bytes = Array.from({ length: 256 }, (_, byte) => byte);

/** By the definition: bit by bit, and the polynomial whenever a ninth bit arises. */
function multiplyByShifting(a: number, b: number): number {
  let product = 0;
  for (let shifted = a, rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= shifted;
    shifted <<= 1;
    if (shifted > 255) shifted ^= 0x11d;
  }
  return product;
}

test('[RS1] all products are those of polynomials modulo 0x11d', () => {
  for (const a of bytes) {
    const expected = bytes.map((b) => multiplyByShifting(a, b));
    expect(bytes.map((b) => multiplyBytes(a, b))).toEqual(expected);
    expect([...multiplesOf(a)]).toEqual(expected);
  }
});

test('[RS1] every byte but 0 has an inverse, and powers are repeated products', () => {
  for (const byte of bytes.slice(1)) expect(multiplyByShifting(byte, invertByte(byte))).toBe(1);
  expect(() => invertByte(0)).toThrow('0 has no inverse');
  for (const byte of [0, 1, 2, 29, 255]) {
    let power = 1;
    for (let exponent = 0; exponent < 600; exponent++) {
      expect(raiseByte(byte, exponent)).toBe(power);
      power = multiplyByShifting(power, byte);
    }
  }
});
