import { describe, expect, test } from 'vitest';
import { compareBytes, fromHex, toHex } from '../../../core/bytes/index.ts';
import {
  choice,
  decode,
  encode,
  opaque,
  opaqueVector,
  optional,
  sortedVector,
  struct,
  uint16,
  uint8,
  variant,
  vector,
  type Codec,
} from '../../../core/codec/index.ts';

function read<T>(codec: Codec<T>, hex: string): unknown {
  const result = decode(codec, fromHex(hex)!);
  return result.ok ? result.value : `${result.error.reason} at ${result.error.offset}`;
}

test('[EN1] a struct is its fields in order', () => {
  const pair = struct('Pair', { first: uint8, second: uint16 });
  expect(toHex(encode(pair, { second: 2, first: 1 }))).toBe('010002');
  expect(read(pair, '010002')).toEqual({ first: 1, second: 2 });
  expect(pair.view({ first: 1, second: 2 })).toEqual({ first: 1, second: 2 });
});

describe('vectors', () => {
  const shorts = vector(uint16, 3);

  test('[EN2] count bytes, not items', () => {
    expect(toHex(encode(shorts, [1, 2]))).toBe('0400010002');
    expect(read(shorts, '0400010002')).toEqual([1, 2]);
    expect(read(shorts, '00')).toEqual([]);
  });

  test('[EN7] hold no more items than their limit', () => {
    expect(read(shorts, '06000100020003')).toEqual([1, 2, 3]);
    expect(read(shorts, '080001000200030004')).toBe('too-many-items at 7');
    expect(() => encode(shorts, [1, 2, 3, 4])).toThrow(RangeError);
  });

  test('[EN1] an item ends within its vector, whatever comes after', () => {
    expect(read(struct('S', { shorts, rest: uint8 }), '0300010000')).toBe('truncated at 4');
    const nested = vector(vector(uint8, 9), 9);
    expect(read(nested, '0301aa05')).toBe('truncated at 4');
    expect(read(nested, '0501aa02bbcc')).toEqual([[0xaa], [0xbb, 0xcc]]);
  });

  test('[EN2] a length past the end is refused before an item is read', () => {
    expect(read(shorts, '05000100')).toBe('truncated at 4');
    expect(read(vector(opaqueVector(9), 9), 'bfffffff00')).toBe('truncated at 5');
  });

  test('a vector of nothing can not be defined, since its length would not say how many', () => {
    const nothing = struct('Nothing', { empty: struct('Empty', {}), none: opaque(0) });
    expect(() => vector(nothing, 5)).toThrow('can not be counted');
  });
});

describe('sorted vectors', () => {
  const set = sortedVector(opaque(1), 4, compareBytes);

  test('[EN6] take items that rise', () => {
    expect(toHex(encode(set, [Uint8Array.of(1), Uint8Array.of(3)]))).toBe('020103');
    expect(read(set, '020103')).toEqual([Uint8Array.of(1), Uint8Array.of(3)]);
    expect(read(set, '00')).toEqual([]);
  });

  test('[EN6] refuse a step down and a repetition at the item that takes it', () => {
    expect(read(set, '03010302')).toBe('out-of-order at 3');
    expect(read(set, '020101')).toBe('out-of-order at 2');
    expect(() => encode(set, [Uint8Array.of(2), Uint8Array.of(1)])).toThrow(RangeError);
    expect(() => encode(set, [Uint8Array.of(2), Uint8Array.of(2)])).toThrow(RangeError);
  });
});

test('[EN5] an optional value has one presence byte, 0 or 1', () => {
  const maybe = optional(uint8);
  expect(toHex(encode(maybe, undefined))).toBe('00');
  expect(toHex(encode(maybe, 0))).toBe('0100');
  expect([read(maybe, '00'), read(maybe, '0105'), read(maybe, '02'), read(maybe, 'ff05')]).toEqual([
    undefined,
    5,
    'unknown-value at 0',
    'unknown-value at 0',
  ]);
  expect([maybe.view(undefined), maybe.view(5)]).toEqual([null, 5]);
});

describe('variants', () => {
  const shape = variant('Shape', choice('ShapeKind', { dot: 1, line: 2 }), {
    dot: struct('Dot', {}),
    line: struct('Line', { length: uint16 }),
  });

  test('[EN5] are a tag and the structure that it selects', () => {
    expect(toHex(encode(shape, { kind: 'line', value: { length: 9 } }))).toBe('020009');
    expect(read(shape, '020009')).toEqual({ kind: 'line', value: { length: 9 } });
    expect(read(shape, '01')).toEqual({ kind: 'dot', value: {} });
    expect(shape.view({ kind: 'line', value: { length: 9 } })).toEqual({ kind: 'line', value: { length: 9 } });
  });

  test('[EN5] with an unknown tag are refused, and one arm is never read as another', () => {
    expect(read(shape, '030009')).toBe('unknown-value at 0');
    expect(read(shape, '010009')).toBe('trailing-bytes at 1');
    expect(read(shape, '02')).toBe('truncated at 1');
  });
});
