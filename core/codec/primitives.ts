import { bytesToUtf8, toBase64Url, utf8ToBytes } from '../bytes/index.ts';
import type { Codec } from './codec.ts';

type Bits = 8 | 16 | 32 | 64;

function integer(bits: Bits): Codec<number> {
  return {
    notation: { kind: 'integer', bits },
    write: (writer, value) => {
      writer.integer(value, bits / 8);
    },
    read: (reader) => reader.integer(bits / 8),
    // A uint64 is a decimal string, since JSON readers elsewhere may hold it in a type that overflows (`WI3`).
    view: (value) => (bits === 64 ? String(value) : value),
  };
}

/** 0 to 255, in one byte. */
export const uint8 = integer(8);
/** 0 to 65,535, in two bytes. */
export const uint16 = integer(16);
/** 0 to 2^32 − 1, in four bytes. */
export const uint32 = integer(32);
/** Refused above 2^53−1: no index, size, epoch or millisecond count reaches it (`EN3`). */
export const uint64 = integer(64);

/** A version number. Any other value is refused as unknown. */
export function version<const V extends number>(value: V): Codec<V> {
  return {
    notation: { kind: 'constant', of: uint16.notation, value },
    write: (writer) => {
      writer.integer(value, 2);
    },
    read: (reader) => {
      const start = reader.offset;
      if (reader.integer(2) !== value) reader.fail('unknown-version', start);
      return value;
    },
    view: () => value,
  };
}

/** `opaque x[byteCount]`: exactly that many bytes, shown as base64url. */
export function opaque(byteCount: number): Codec<Uint8Array> {
  return {
    notation: { kind: 'opaque', byteCount },
    write: (writer, value) => {
      if (value.length !== byteCount) throw new RangeError(`expected ${byteCount} bytes, got ${value.length}`);
      writer.put(value);
    },
    read: (reader) => reader.take(byteCount),
    view: toBase64Url,
  };
}

/** `opaque x<V>`: at most `maxBytes`, shown as base64url. */
export function opaqueVector(maxBytes: number): Codec<Uint8Array> {
  return {
    notation: { kind: 'opaque-vector', maxBytes },
    write: (writer, value) => {
      if (value.length > maxBytes) throw new RangeError(`${value.length} bytes are more than ${maxBytes}`);
      writer.opaqueVector(value);
    },
    read: (reader) => {
      const start = reader.offset;
      const value = reader.opaqueVector();
      if (value.length > maxBytes) reader.fail('out-of-range', start);
      return value;
    },
    view: toBase64Url,
  };
}

/** `opaque x<V>` that holds well-formed UTF-8. */
export function text(maxBytes: number): Codec<string> {
  const bytes = opaqueVector(maxBytes);
  return {
    notation: { kind: 'text', maxBytes },
    write: (writer, value) => {
      bytes.write(writer, utf8ToBytes(value));
    },
    read: (reader) => {
      const start = reader.offset;
      return bytesToUtf8(bytes.read(reader)) ?? reader.fail('invalid-text', start);
    },
    view: (value) => value,
  };
}

/** A named value out of a closed list; every other number is refused. */
export function choice<const Values extends Readonly<Record<string, number>>>(
  name: string,
  values: Values,
  bits: 8 | 16 = 8,
): Codec<keyof Values & string> {
  const numberOf = new Map(Object.entries(values));
  const nameOf = new Map(Object.entries(values).map(([key, value]) => [value, key]));
  if (nameOf.size !== numberOf.size) throw new RangeError(`${name} gives one number two names`);
  return {
    notation: { kind: 'choice', name, bits, values: numberOf },
    write: (writer, value) => {
      writer.integer(numberOf.get(value) as number, bits / 8);
    },
    read: (reader) => {
      const start = reader.offset;
      return nameOf.get(reader.integer(bits / 8)) ?? reader.fail('unknown-value', start);
    },
    view: (value) => value,
  };
}
