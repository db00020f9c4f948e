import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, concatBytes, equalBytes } from '../../../core/bytes/index.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('comparison', () => {
  test('order and equality are those of Buffer', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });

  test('one changed bit is seen wherever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), fc.nat(7), (a, at, bit) => {
        const b = a.slice();
        b[at % a.length]! ^= 1 << bit;
        expect(equalBytes(a, b)).toBe(false);
        expect(compareBytes(a, b)).not.toBe(0);
      }),
    );
  });
});

test('parts are joined in order, into memory of their own', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
      const joined = concatBytes(...parts);
      expect(joined).toEqual(Uint8Array.from(Buffer.concat(parts)));
      expect(parts.every((part) => part.buffer !== joined.buffer)).toBe(true);
    }),
  );
});
