import fc from 'fast-check';
import type { Notation } from '../../../core/codec/index.ts';
import { texts } from '../bytes/texts.ts';

const MAX_SAMPLE_ITEMS = 3;
/** Past the one-byte length prefix, which ends at 63. */
const MAX_SAMPLE_BYTES = 70;

/** Every kind of value that a notation describes, small enough to try each prefix of its encoding. */
export function valuesOf(notation: Notation): fc.Arbitrary<unknown> {
  switch (notation.kind) {
    case 'integer':
      return integersOf(notation.bits);
    case 'constant':
      return fc.constant(notation.value);
    case 'opaque':
      return bytes(notation.byteCount, notation.byteCount);
    case 'opaque-vector':
      return bytes(0, Math.min(notation.maxBytes, MAX_SAMPLE_BYTES));
    case 'text':
      return texts(MAX_SAMPLE_BYTES).filter((text) => Buffer.byteLength(text) <= notation.maxBytes);
    case 'choice':
      return fc.constantFrom(...notation.values.keys());
    case 'vector':
      if (notation.isSorted) return risingNumbers(notation.item);
      return fc.array(valuesOf(notation.item), { maxLength: Math.min(notation.maxCount, MAX_SAMPLE_ITEMS) });
    case 'optional':
      return fc.option(valuesOf(notation.value), { nil: undefined });
    case 'struct':
      return fc.record(Object.fromEntries(notation.fields.map(([name, field]) => [name, valuesOf(field)])));
    case 'variant':
      return fc.oneof(
        ...[...notation.arms].map(([kind, arm]) => fc.record({ kind: fc.constant(kind), value: valuesOf(arm) })),
      );
  }
}

/** A notation does not say by what its items rise; of numbers it is clear. */
function risingNumbers(item: Notation): fc.Arbitrary<number[]> {
  if (item.kind !== 'integer') throw new Error('a notation does not say by what its items rise');
  return fc
    .uniqueArray(integersOf(item.bits), { maxLength: MAX_SAMPLE_ITEMS })
    .map((numbers) => numbers.sort((a, b) => a - b));
}

function integersOf(bits: 8 | 16 | 32 | 64): fc.Arbitrary<number> {
  const max = bits === 64 ? Number.MAX_SAFE_INTEGER : 2 ** bits - 1;
  return fc.oneof(
    fc.maxSafeNat().map((value) => value % (max + 1)),
    fc.constantFrom(0, 1, max),
  );
}

function bytes(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}
