import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url, toHex } from '../../../core/bytes/index.ts';

const bytes = fc.uint8Array({ maxLength: 70 });

describe.each([
  { name: 'base64url', to: toBase64Url, from: fromBase64Url, node: 'base64url' },
  { name: 'base64', to: toBase64, from: fromBase64, node: 'base64' },
  { name: 'hexadecimal', to: toHex, from: fromHex, node: 'hex' },
] as const)('$name', ({ to, from, node }) => {
  test('[WI2] writes what Node writes, and reads it back', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(to(value)).toBe(Buffer.from(value).toString(node));
        expect(from(to(value))).toEqual(value);
      }),
    );
  });

  test('[WI2] of all texts takes only those that it would write', () => {
    const alphabet = fc.constantFrom(...Array.from('AZaz09fF-_+/= \n'));
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const value = from(text);
        if (value !== undefined) expect(to(value)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

test.each([
  ['padding', fromBase64Url, 'AA=='],
  ['the other alphabet', fromBase64Url, 'A+/_'],
  ['stray low bits', fromBase64Url, 'AB'],
  ['missing padding', fromBase64, 'AA'],
  ['white space', fromBase64, 'AA ='],
  ['a line end', fromBase64, 'AA==\n'],
  ['stray low bits', fromBase64, 'AB=='],
  ['upper case', fromHex, 'AB'],
  ['an odd length', fromHex, 'abc'],
  ['a prefix', fromHex, '0xab'],
])('[WI2] refuses %s', (_what, from, text) => {
  expect(from(text)).toBeUndefined();
});
