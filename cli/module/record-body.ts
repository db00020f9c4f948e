import {
  ACTOR_BYTES,
  compareBytes,
  concatBytes,
  fromBase64Url,
  fromHex,
  sha256,
  utf8ToBytes,
} from '../../core/index.ts';

const INTEGERS: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** Why a text stands for no bytes. */
export class BodyFault extends Error {}

/** Keeps what these 32 bytes are called, and gives them back. */
export type Label = (label: string, bytes: Uint8Array) => Uint8Array;

/** The key of somebody in a file of records: itself where it is one, and for a name always the same made-up one. */
export function keyOf(who: string): Uint8Array {
  const key = fromBase64Url(who);
  return key?.length === ACTOR_BYTES ? key : sha256(utf8ToBytes(who));
}

/**
 * The bytes that a body stands for, part by part: `0a0b` are two bytes, `u64:7` is an integer with its high byte first, `key:ada` a key,
 * `keys:ada,ben` keys in their order, `hash:lease` the SHA-256 of a text, `time:2026-01-02T00:00:00Z` a u64 in ms. `label` is told what
 * keys and hashes are called. Throws a BodyFault.
 */
export function parseBody(text: string, label: Label): Uint8Array {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  return concatBytes(...parts.map((part) => parsePart(part, label)));
}

function parsePart(part: string, label: Label): Uint8Array {
  const [, kind, value = ''] = /^([a-z0-9]+):(.+)$/.exec(part) ?? [];
  if (kind === undefined) return fromHex(part) ?? fault(`'${part}' is neither bytes as hex nor KIND:VALUE`);
  if (kind in INTEGERS) return integer(part, value, INTEGERS[kind] ?? 0);
  switch (kind) {
    case 'key':
      return label(`key of ${value}`, keyOf(value));
    case 'keys':
      return concatBytes(
        ...value
          .split(',')
          .map((name) => label(`key of ${name}`, keyOf(name)))
          .sort(compareBytes),
      );
    case 'hash':
      return label(`hash of ${value}`, sha256(utf8ToBytes(value)));
    case 'time':
      return integer(part, String(parseTime(value)), 8);
    default:
      return fault(`there is no kind '${kind}': u8, u16, u32, u64, key, keys, hash and time are there`);
  }
}

/** Ms of a time as ISO 8601 has it. */
export function parseTime(text: string): number {
  const ms = Date.parse(text);
  return ms >= 0 ? ms : fault(`'${text}' is no time: 2026-01-02T00:00:00Z is one`);
}

function integer(part: string, value: string, bytes: number): Uint8Array {
  const limit = 1n << BigInt(8 * bytes);
  const number = /^\d+$/.test(value) ? BigInt(value) : limit;
  if (number >= limit) fault(`'${part}' is no number of ${bytes} bytes`);
  return Uint8Array.from({ length: bytes }, (_, i) => Number((number >> BigInt(8 * (bytes - 1 - i))) & 0xffn));
}

function fault(message: string): never {
  throw new BodyFault(message);
}
