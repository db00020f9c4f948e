import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  choice,
  decode,
  decodeTrusted,
  encode,
  opaque,
  opaqueVector,
  text,
  uint16,
  uint32,
  uint64,
  uint8,
  version,
  type Codec,
} from '../../../core/codec/index.ts';
import { fromHex, toHex } from '../../../core/bytes/index.ts';

function read<T>(codec: Codec<T>, hex: string): unknown {
  const result = decode(codec, fromHex(hex)!);
  return result.ok ? result.value : `${result.error.reason} at ${result.error.offset}`;
}

describe('integers', () => {
  test.each([
    [uint8, 0xff, 'ff'],
    [uint16, 0x0102, '0102'],
    [uint32, 0xfffefdfc, 'fffefdfc'],
    [uint64, 2 ** 53 - 1, '001fffffffffffff'],
    [uint64, 2 ** 32, '0000000100000000'],
  ])('[EN3] are big-endian: %#', (codec, value, hex) => {
    expect(toHex(encode(codec, value))).toBe(hex);
    expect(read(codec, hex)).toBe(value);
  });

  test('[EN3] above 2^53-1 are refused, however far', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (value) => {
        expect(read(uint64, value.toString(16).padStart(16, '0'))).toBe('out-of-range at 0');
      }),
    );
    expect(read(uint64, '0020000000000000')).toBe('out-of-range at 0');
    expect(read(uint64, '0020000000000001')).toBe('out-of-range at 0');
  });

  test.each([-1, 256, 1.5, Number.NaN, Infinity, 2 ** 53])('[EN3] have no byte for %d', (value) => {
    expect(() => encode(uint8, value)).toThrow(RangeError);
  });

  test('[EN3] of 64 bits have no encoding above 2^53-1', () => {
    expect(() => encode(uint64, 2 ** 53)).toThrow(RangeError);
  });

  test('[WI3] of 64 bits are shown as decimal text, shorter ones as numbers', () => {
    expect([uint64.view(2 ** 53 - 1), uint32.view(7)]).toEqual(['9007199254740991', 7]);
  });
});

describe('byte strings', () => {
  const any = opaqueVector(70_000);

  test.each([
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '80004000'],
    [70_000, '80011170'],
  ])('[EN2] of %d bytes have the shortest length prefix', (length, prefix) => {
    const value = new Uint8Array(length).fill(7);
    const bytes = encode(any, value);
    expect(toHex(bytes.subarray(0, bytes.length - length))).toBe(prefix);
    const result = decode(any, bytes);
    expect(result.ok && Buffer.compare(result.value, value)).toBe(0);
  });

  test.each([
    ['4000', 'non-minimal-length at 0'],
    ['403f', 'non-minimal-length at 0'],
    ['80000000', 'non-minimal-length at 0'],
    ['80003fff', 'non-minimal-length at 0'],
    ['c0', 'invalid-length at 0'],
    ['ffffffffffffffff', 'invalid-length at 0'],
    ['40', 'truncated at 1'],
    ['800100', 'truncated at 3'],
    ['02aa', 'truncated at 2'],
    ['bfffffff', 'truncated at 4'],
  ])('[EN2] refuses the prefix %s', (hex, refusal) => {
    expect(read(any, hex)).toBe(refusal);
  });

  test('[EN7] over their limit are refused and never written', () => {
    const short = opaqueVector(3);
    expect(read(short, '03010203')).toEqual(Uint8Array.of(1, 2, 3));
    expect(read(short, '0401020304')).toBe('out-of-range at 0');
    expect(() => encode(short, new Uint8Array(4))).toThrow(RangeError);
  });

  test('[EN1] of fixed length have that length', () => {
    const two = opaque(2);
    expect(read(two, '0102')).toEqual(Uint8Array.of(1, 2));
    expect(() => encode(two, new Uint8Array(3))).toThrow(RangeError);
    expect(() => encode(two, new Uint8Array(1))).toThrow(RangeError);
  });

  test('[WI2] are shown as base64url', () => {
    expect(opaque(2).view(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
    expect(any.view(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
  });

  test('are views into the input, so that nothing large is copied', () => {
    const bytes = Uint8Array.of(1, 9);
    const result = decode(any, bytes);
    expect(result.ok && result.value.buffer).toBe(bytes.buffer);
  });
});

describe('text', () => {
  test('[EN4] is UTF-8 behind a length in bytes', () => {
    expect(toHex(encode(text(10), 'é€'))).toBe('05c3a9e282ac');
    expect(read(text(10), '05c3a9e282ac')).toBe('é€');
  });

  test('[EN4] that is not well-formed is refused', () => {
    expect(read(text(10), '02c080')).toBe('invalid-text at 0');
    expect(() => encode(text(10), '\ud800')).toThrow(RangeError);
  });

  test('[EN7] is limited in bytes, not characters', () => {
    expect(() => encode(text(2), '€')).toThrow(RangeError);
    expect(read(text(2), '03e282ac')).toBe('out-of-range at 0');
  });
});

describe('closed lists', () => {
  const colour = choice('Colour', { red: 1, blue: 0x102 }, 16);

  test('[EN5] a choice is its number, and no other number is one', () => {
    expect(toHex(encode(colour, 'blue'))).toBe('0102');
    expect(read(colour, '0001')).toBe('red');
    expect(read(colour, '0000')).toBe('unknown-value at 0');
    expect(read(colour, '0002')).toBe('unknown-value at 0');
    expect(() => encode(colour, 'green' as 'red')).toThrow(RangeError);
  });

  test('[EN5] a version is the one that is known', () => {
    expect(toHex(encode(version(1), 1))).toBe('0001');
    expect(read(version(1), '0001')).toBe(1);
    expect(read(version(1), '0002')).toBe('unknown-version at 0');
    expect(read(version(1), '0100')).toBe('unknown-version at 0');
  });

  test('a choice that gives one number two names can not be defined', () => {
    expect(() => choice('Twice', { a: 1, b: 1 })).toThrow('Twice');
  });
});

describe('stored bytes', () => {
  test('are trusted to be whole: anything else is a broken invariant', () => {
    expect(decodeTrusted(uint16, Uint8Array.of(1, 2))).toBe(0x102);
    expect(() => decodeTrusted(uint16, Uint8Array.of(1))).toThrow('truncated at 1');
  });

  test('a fault that is no refusal passes through', () => {
    const broken: Codec<number> = {
      ...uint8,
      read: () => {
        throw new TypeError('not a refusal');
      },
    };
    expect(() => decode(broken, new Uint8Array(1))).toThrow(TypeError);
  });
});
