import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, concatBytes, equalBytes, isSameSet } from '../../../core/bytes/index.ts';

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

describe('sets', () => {
  const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(2)] as const;

  test('are the same in any order, and not where one holds something else or as much of another', () => {
    expect(isSameSet([a, b, c], [c, a, b])).toBe(true);
    expect(isSameSet([], [])).toBe(true);
    expect(isSameSet([a, b], [a, c])).toBe(false);
    expect(isSameSet([a], [a, b])).toBe(false);
    expect(isSameSet([a, a, b], [a, b, b])).toBe(false);
  });
});
