import {
  decodeTrusted,
  encode,
  HASH_BYTES,
  MAX_SEGMENT_PAYLOADS,
  opaque,
  struct,
  uint32,
  uint64,
  vector,
  version,
  type Decoded,
} from '../../../core/index.ts';
import { firstRow } from '../../first-row.ts';

const coldPlace = struct('ColdPlace', {
  index: uint64,
  hash: opaque(HASH_BYTES),
  start: uint32,
  end: uint32,
  expiresAt: uint64,
});
/** One row a segment, and not one a payload: rows that are written are most of what a message costs its operator. */
const places = struct('ColdPlaces', { version: version(1), places: vector(coldPlace, MAX_SEGMENT_PAYLOADS) });

/** A payload that has left its chain: the entry that named it, and where it lies in its segment. */
export type ColdPlace = Decoded<typeof coldPlace>;

/** Payloads that lie in one blob, by rising index. */
export interface Segment {
  /** Indexes of the first and the last entry whose payload is in it; no other segment has any between. */
  readonly first: number;
  readonly last: number;
  /** Id of the blob. */
  readonly blob: Uint8Array;
  /** That of its last payload, ms since the Unix epoch. */
  readonly expiresAt: number;
  readonly places: readonly ColdPlace[];
}

/** A segment that is being written: what was decided before anything went to a node. */
export interface SegmentIntent extends Omit<Segment, 'places'> {
  readonly payloadCount: number;
  readonly blobBytes: number;
  /** Number of the placement that it is written by. */
  readonly placement: number;
}

const COLUMNS = 'first, last, blob, expires_at, places';
const INSERT = `INSERT INTO segments (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`;
/** Of segments that begin at or before an entry, the newest alone can reach it: ranges never overlap. */
const FROM_LAST_BEFORE = `FROM segments
  WHERE first >= (SELECT coalesce(max(first), 0) FROM segments WHERE first <= ?1) AND last >= ?1 AND first < ?2`;
const IS_ANY = `SELECT 1 ${FROM_LAST_BEFORE} LIMIT 1`;
const OVERLAPPING = `SELECT ${COLUMNS} ${FROM_LAST_BEFORE} ORDER BY first LIMIT ?3`;
const COVERING = `SELECT ${COLUMNS} FROM segments WHERE first <= ? ORDER BY first DESC LIMIT 1`;
const EXPIRED = 'SELECT first, blob FROM segments WHERE expires_at <= ? ORDER BY first LIMIT ?';
const DROP = 'DELETE FROM segments WHERE first = ?';
const NEXT_EXPIRY = 'SELECT expires_at FROM segments ORDER BY first LIMIT 1';
const INTEND = `INSERT INTO segment_intent (id, first, last, payload_count, blob, blob_bytes, placement, expires_at)
  VALUES (0, ?, ?, ?, ?, ?, ?, ?)`;
const INTENT = `SELECT first, last, payload_count, blob, blob_bytes, placement, expires_at FROM segment_intent`;
const END_INTENT = 'DELETE FROM segment_intent';

/** Which payloads are cold, and where. A segment's bytes are a blob's, which has a row of its own. */
export class SegmentStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction that forgets the hot bytes. */
  add(segment: Segment): void {
    const listed = encode(places, { version: 1, places: segment.places });
    this.#sql.exec(INSERT, segment.first, segment.last, segment.blob, segment.expiresAt, listed);
  }

  /** Whether a payload of an entry from `from` up to `end` may be cold. */
  isAny(from: number, end: number): boolean {
    return firstRow(this.#sql.exec(IS_ANY, from, end)) !== undefined;
  }

  /** The first `limit` that hold payloads of entries from `from` up to `end`. */
  overlapping(from: number, end: number, limit: number): Segment[] {
    return [...this.#sql.exec(OVERLAPPING, from, end, limit).raw<SegmentColumns>()].map(segmentOf);
  }

  /** The one that has the payload of this entry, where it is cold. */
  placeOf(index: number): { readonly segment: Segment; readonly place: ColdPlace } | undefined {
    const row = firstRow<SegmentColumns>(this.#sql.exec(COVERING, index));
    const segment = row && segmentOf(row);
    const place = segment?.places.find((one) => one.index === index);
    return segment && place && { segment, place };
  }

  expired(now: number, limit: number): Pick<Segment, 'first' | 'blob'>[] {
    const rows = [...this.#sql.exec(EXPIRED, now, limit).raw<[number, ArrayBuffer]>()];
    return rows.map(([first, blob]) => ({ first, blob: new Uint8Array(blob) }));
  }

  /** The same bytes are another blob from now on. */
  replaceBlob(blob: Uint8Array, by: Uint8Array): void {
    this.#sql.exec('UPDATE segments SET blob = ? WHERE blob = ?', by, blob);
  }

  drop(first: number): void {
    this.#sql.exec(DROP, first);
  }

  /** When the oldest expires, in ms since the Unix epoch. */
  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** The one that is being written; there is never another. */
  get intent(): SegmentIntent | undefined {
    const row = firstRow<IntentColumns>(this.#sql.exec(INTENT));
    if (row === undefined) return undefined;
    const [first, last, payloadCount, blob, blobBytes, placement, expiresAt] = row;
    return { first, last, payloadCount, blob: new Uint8Array(blob), blobBytes, placement, expiresAt };
  }

  /** Before anything of it is written, so that whatever becomes of this object what is at the nodes is known. */
  intend({ first, last, payloadCount, blob, blobBytes, placement, expiresAt }: SegmentIntent): void {
    this.#sql.exec(INTEND, first, last, payloadCount, blob, blobBytes, placement, expiresAt);
  }

  endIntent(): void {
    this.#sql.exec(END_INTENT);
  }
}

type SegmentColumns = [first: number, last: number, blob: ArrayBuffer, expiresAt: number, places: ArrayBuffer];
type IntentColumns = [number, number, number, ArrayBuffer, number, number, number];

function segmentOf([first, last, blob, expiresAt, listed]: SegmentColumns): Segment {
  const { places: listedPlaces } = decodeTrusted(places, new Uint8Array(listed));
  return { first, last, blob: new Uint8Array(blob), expiresAt, places: listedPlaces };
}
