import { err, ok, type Result } from '../result.ts';
import type { Notation } from './notation.ts';
import { DecodeFault, Reader, type DecodeRefusal } from './reader.ts';
import { Writer } from './writer.ts';

/** What JSON can say. Views are for people and curl; nothing is ever parsed back from them. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One encoding per value of `T`, its readable JSON view, and its definition in TLS presentation language. */
export interface Codec<T> {
  readonly notation: Notation;
  /** Throws a RangeError where the value has no encoding. */
  write(writer: Writer, value: T): void;
  /** Gives up by `reader.fail` where the bytes are not the one encoding of a value. */
  read(reader: Reader): T;
  /** For people; see `Json`. */
  view(value: T): Json;
}

/** The value type of a codec. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

/** The one encoding of a value. One that does not fit its codec is the caller's mistake, and throws a RangeError. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.write(writer, value);
  return writer.finish();
}

/**
 * Parses untrusted bytes. Refuses anything but the one encoding: trailing bytes, long length prefixes, unknown
 * versions and values out of range (`EN1`). Byte strings in the result are views into `bytes`.
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): Result<T, DecodeRefusal> {
  const reader = new Reader(bytes);
  try {
    const value = codec.read(reader);
    if (!reader.atEnd) reader.fail('trailing-bytes');
    return ok(value);
  } catch (fault) {
    if (fault instanceof DecodeFault) return err(fault.refusal);
    throw fault;
  }
}

/** For bytes that this program wrote itself: anything but a whole value is a broken invariant and throws. */
export function decodeTrusted<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const result = decode(codec, bytes);
  if (!result.ok) throw new Error(`stored bytes are ${result.error.reason} at ${result.error.offset}`);
  return result.value;
}
