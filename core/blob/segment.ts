import { concatBytes, equalBytes } from '../bytes/index.ts';
import {
  decode,
  encode,
  opaque,
  opaqueVector,
  struct,
  uint32,
  vector,
  vectorBytes,
  version,
  type Decoded,
  type DecodeRefusal,
} from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';

/** Most bytes of a segment: what a chain forgets at one time, and what is lost of work when its writing fails. */
export const MAX_SEGMENT_BYTES = 1_048_576;
/** Most payloads of a segment. */
export const MAX_SEGMENT_PAYLOADS = 4_096;

const segmentItem = struct('SegmentItem', { hash: opaque(HASH_BYTES), payloadBytes: uint32 });

/** Small payloads as one blob (`BL12`). The list makes a segment readable without the chain that it is from. */
export const segmentCodec = struct('Segment', {
  version: version(1),
  /** In the order of the content. */
  items: vector(segmentItem, MAX_SEGMENT_PAYLOADS),
  content: opaqueVector(MAX_SEGMENT_BYTES),
});

/** A payload in hand, under the hash that names it. */
export interface NamedPayload {
  readonly hash: Uint8Array;
  readonly payload: Uint8Array;
}

/** Where a payload lies: a range of the segment's bytes, which are a blob's. */
export interface PayloadPlace {
  readonly hash: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A segment, ready to be cut into shards. */
export interface PackedSegment {
  readonly bytes: Uint8Array;
  /** In the order in which they were given. */
  readonly places: readonly PayloadPlace[];
}

/** How many of these payloads, from the first on, go into one segment. */
export function countFitting(payloadBytes: readonly number[]): number {
  let content = 0;
  for (const [count, bytes] of payloadBytes.entries()) {
    content += bytes;
    if (count >= MAX_SEGMENT_PAYLOADS || segmentBytes(count + 1, content) > MAX_SEGMENT_BYTES) return count;
  }
  return payloadBytes.length;
}

/** The segment of these payloads. More than fit throw. */
export function packSegment(payloads: readonly NamedPayload[]): PackedSegment {
  if (countFitting(payloads.map(({ payload }) => payload.length)) < payloads.length) {
    throw new RangeError(`${payloads.length} payloads do not fit a segment`);
  }
  const items = payloads.map(({ hash, payload }) => ({ hash, payloadBytes: payload.length }));
  const content = concatBytes(...payloads.map(({ payload }) => payload));
  const bytes = encode(segmentCodec, { version: 1, items, content });
  return { bytes, places: placesOf(items, bytes.length - content.length) };
}

/**
 * Parses a segment that was read whole. Refuses one whose payloads do not fill it, or that lists one under another hash
 * (`BL12`), so that what is copied out of it is what its name says.
 */
export function parseSegment(bytes: Uint8Array): Result<readonly PayloadPlace[], DecodeRefusal> {
  const outOfRange = err({ code: 'malformed', reason: 'out-of-range', offset: ITEMS_OFFSET } as const);
  if (bytes.length > MAX_SEGMENT_BYTES) return outOfRange;
  const parsed = decode(segmentCodec, bytes);
  if (!parsed.ok) return parsed;
  const { items, content } = parsed.value;
  const places = placesOf(items, bytes.length - content.length);
  const isFilled = (places.at(-1)?.end ?? bytes.length - content.length) === bytes.length;
  const isNamed = ({ hash, start, end }: PayloadPlace) => equalBytes(sha256(bytes.subarray(start, end)), hash);
  return isFilled && places.every(isNamed) ? ok(places) : outOfRange;
}

/** The version comes before. */
const ITEMS_OFFSET = 2;
const VERSION_BYTES = 2;
const ITEM_BYTES = HASH_BYTES + 4;

function segmentBytes(count: number, contentBytes: number): number {
  return VERSION_BYTES + vectorBytes(count * ITEM_BYTES) + vectorBytes(contentBytes);
}

/** The content is the last of a segment. */
function placesOf(items: readonly Decoded<typeof segmentItem>[], contentStart: number): PayloadPlace[] {
  let end = contentStart;
  return items.map(({ hash, payloadBytes }) => {
    const start = end;
    end += payloadBytes;
    return { hash, start, end };
  });
}
