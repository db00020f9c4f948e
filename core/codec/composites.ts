import type { Codec, Decoded, Json } from './codec.ts';
import { takesBytes } from './notation.ts';
import { uint8 } from './primitives.ts';

/** Codec is invariant, so `any` is the one bound that every codec meets. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyCodec = Codec<any>;
/** @inline */
type StructOf<F> = { readonly [Name in keyof F]: Decoded<F[Name]> };

/** Fields in order, nothing between them. */
export function struct<F extends Readonly<Record<string, AnyCodec>>>(name: string, fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields) as [string, Codec<unknown>][];
  return {
    notation: { kind: 'struct', name, fields: entries.map(([key, field]) => [key, field.notation] as const) },
    write: (writer, value) => {
      for (const [key, field] of entries) field.write(writer, value[key as keyof F]);
    },
    read: (reader) => {
      const value: Record<string, unknown> = {};
      for (const [key, field] of entries) value[key] = field.read(reader);
      return value as StructOf<F>;
    },
    view: (value) => Object.fromEntries(entries.map(([key, field]) => [key, field.view(value[key as keyof F])])),
  };
}

/** `T items<V>`: at most `maxCount` items. */
export function vector<T>(item: Codec<T>, maxCount: number): Codec<readonly T[]> {
  return listOf(item, maxCount);
}

/** A vector whose items strictly rise by `compare`, so that equal sets have one encoding. */
export function sortedVector<T>(
  item: Codec<T>,
  maxCount: number,
  compare: (a: T, b: T) => number,
): Codec<readonly T[]> {
  return listOf(item, maxCount, compare);
}

function listOf<T>(item: Codec<T>, maxCount: number, compare?: (a: T, b: T) => number): Codec<readonly T[]> {
  if (!takesBytes(item.notation)) throw new RangeError('items without bytes can not be counted');
  const mayFollow = (earlier: T | undefined, later: T) =>
    compare === undefined || earlier === undefined || compare(earlier, later) < 0;
  return {
    notation: { kind: 'vector', item: item.notation, maxCount, isSorted: compare !== undefined },
    write: (writer, values) => {
      if (values.length > maxCount) throw new RangeError(`${values.length} items are more than ${maxCount}`);
      if (!values.every((value, i) => mayFollow(values[i - 1], value))) throw new RangeError('items are out of order');
      writer.items(() => {
        for (const value of values) item.write(writer, value);
      });
    },
    read: (reader) => {
      const values: T[] = [];
      reader.items(() => {
        if (values.length === maxCount) reader.fail('too-many-items');
        const start = reader.offset;
        const value = item.read(reader);
        if (!mayFollow(values.at(-1), value)) reader.fail('out-of-order', start);
        values.push(value);
      });
      return values;
    },
    view: (values) => values.map((value) => item.view(value)),
  };
}

/** `optional<T>` of RFC 9420 §2.1.1: one presence byte, 0 or 1. */
export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    notation: { kind: 'optional', value: inner.notation },
    write: (writer, value) => {
      uint8.write(writer, value === undefined ? 0 : 1);
      if (value !== undefined) inner.write(writer, value);
    },
    read: (reader) => {
      const start = reader.offset;
      const presence = uint8.read(reader);
      if (presence > 1) reader.fail('unknown-value', start);
      return presence === 1 ? inner.read(reader) : undefined;
    },
    view: (value) => (value === undefined ? null : inner.view(value)),
  };
}

/** @inline */
type VariantOf<Arms> = {
  [Kind in keyof Arms & string]: { readonly kind: Kind; readonly value: Decoded<Arms[Kind]> };
}[keyof Arms & string];

/** A tag and the one structure that it selects (RFC 8446 §3.8), as a union tagged by `kind`. */
export function variant<const Arms extends Readonly<Record<string, AnyCodec>>>(
  name: string,
  tag: Codec<keyof Arms & string>,
  arms: Arms,
): Codec<VariantOf<Arms>> {
  const armOf = (kind: string): Codec<unknown> => arms[kind] as Codec<unknown>;
  return {
    notation: {
      kind: 'variant',
      name,
      tag: tag.notation,
      arms: new Map(Object.keys(arms).map((kind) => [kind, armOf(kind).notation])),
    },
    write: (writer, value) => {
      tag.write(writer, value.kind);
      armOf(value.kind).write(writer, value.value);
    },
    read: (reader) => {
      const kind = tag.read(reader);
      return { kind, value: armOf(kind).read(reader) } as VariantOf<Arms>;
    },
    view: (value): Json => ({ kind: value.kind, value: armOf(value.kind).view(value.value) }),
  };
}
