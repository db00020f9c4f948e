import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { insertRows, insertStatements } from '../../insert-rows.ts';
import type { HotPayload } from '../../../relay/index.ts';

export interface PayloadRow {
  /** Of the entry that named it. */
  readonly index: number;
  /** SHA-256 of `bytes`. */
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  /** ms since the Unix epoch; rows expire in the order of their index. */
  readonly expiresAt: number;
}

/** Payloads that the lookup may lag behind by: what a search by hash scans at most. */
export const MAX_LOOKUP_LAG = 4096;

const INSERT = insertStatements('payloads', ['idx', 'hash', 'bytes', 'expires_at']);
const READ = 'SELECT bytes FROM payloads WHERE idx = ? AND expires_at > ?';
const CANDIDATES = 'SELECT idx FROM payload_lookup WHERE tag = ? ORDER BY idx DESC LIMIT ?';
const WAITING = `SELECT idx, length(bytes), expires_at FROM payloads
  WHERE expires_at > ? AND length(bytes) <= ? ORDER BY idx LIMIT ?`;
const BETWEEN = `SELECT idx, hash, bytes, expires_at FROM payloads
  WHERE idx BETWEEN ? AND ? AND length(bytes) <= ? ORDER BY idx LIMIT ?`;
const FORGET = 'DELETE FROM payloads WHERE idx BETWEEN ? AND ? AND length(bytes) <= ?';
const FIND = `SELECT payloads.idx FROM payload_lookup JOIN payloads ON payloads.idx = payload_lookup.idx
  WHERE tag = ? AND hash = ? AND payloads.expires_at > ? ORDER BY payloads.idx DESC LIMIT 1`;
const LOOKUP_END = '(SELECT coalesce(max(idx), -1) FROM payload_lookup)';
const FIND_IN_TAIL = `SELECT idx FROM payloads
  WHERE idx > ${LOOKUP_END} AND hash = ? AND expires_at > ? ORDER BY idx DESC LIMIT 1`;
const TAIL = `SELECT idx, substr(hash, 1, 6) FROM payloads WHERE idx > ${LOOKUP_END} ORDER BY idx LIMIT ?`;
const LAG = `SELECT coalesce((SELECT max(idx) FROM payloads), -1) - ${LOOKUP_END}`;
const INSERT_LOOKUP = insertStatements('payload_lookup', ['idx', 'tag']);
const NEXT_EXPIRY = 'SELECT expires_at FROM payloads ORDER BY idx LIMIT 1';
const DROP = 'DELETE FROM payloads WHERE idx IN (SELECT idx FROM payloads ORDER BY idx LIMIT ?) AND expires_at <= ?';
/** The oldest payload is the first of its table, wherever it is. */
const OLDEST = `SELECT min(idx) FROM (SELECT min(idx) AS idx FROM payloads UNION ALL SELECT min(first) FROM segments)`;
const DROP_LOOKUP = `DELETE FROM payload_lookup WHERE idx < coalesce((${OLDEST}), ${Number.MAX_SAFE_INTEGER})`;

/** Tags have 48 bits: entries that share one and not its hash are never as many. */
const MAX_CANDIDATES = 16;

/** Which payloads a segment takes: those of a range of entries that have room in one. */
export interface SegmentRange {
  readonly first: number;
  readonly last: number;
  readonly maxPayloadBytes: number;
}

/** Ciphertext while it is hot. A payload past its expiry is never given out, deleted or not. */
export class PayloadStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the flush that appends the entries, inside its `transactionSync`. */
  append(rows: readonly PayloadRow[]): void {
    insertRows(this.#sql, INSERT, rows, (row) => [row.index, row.hash, row.bytes, row.expiresAt]);
  }

  read(index: number, now: number): Uint8Array | undefined {
    const row = firstRow<[ArrayBuffer]>(this.#sql.exec(READ, index, now));
    return row && new Uint8Array(row[0]);
  }

  /** The oldest that have not expired by `now` and have at most so many bytes each. */
  waiting(now: number, maxPayloadBytes: number, limit: number): HotPayload[] {
    const rows = [...this.#sql.exec(WAITING, now, maxPayloadBytes, limit).raw<[number, number, number]>()];
    return rows.map(([index, payloadBytes, expiresAt]) => ({ index, payloadBytes, expiresAt }));
  }

  /** Those of a range that are still here, expired ones included; at most `limit`. */
  between({ first, last, maxPayloadBytes }: SegmentRange, limit: number): PayloadRow[] {
    const rows = this.#sql.exec(BETWEEN, first, last, maxPayloadBytes, limit);
    return [...rows.raw<[number, ArrayBuffer, ArrayBuffer, number]>()].map(([index, hash, bytes, expiresAt]) => {
      return { index, hash: new Uint8Array(hash), bytes: new Uint8Array(bytes), expiresAt };
    });
  }

  /** Deletes those of a range, in the transaction that says where they are. From here on the lookup finds all of them. */
  forget({ first, last, maxPayloadBytes }: SegmentRange): void {
    while (this.#lookupEnd() < last && this.extendLookup() > 0);
    this.#sql.exec(FORGET, first, last, maxPayloadBytes);
  }

  /** Entries whose payload may have this hash, the newest first, wherever it is; to be confirmed. */
  candidates(hash: Uint8Array): number[] {
    return [...this.#sql.exec(CANDIDATES, hashTag(hash), MAX_CANDIDATES).raw<[number]>()].map(([index]) => index);
  }

  /** The newest entry that names this hash and whose payload is here and live. */
  find(hash: Uint8Array, now: number): number | undefined {
    const inTail = firstRow<[number]>(this.#sql.exec(FIND_IN_TAIL, hash, now));
    const row = inTail ?? firstRow<[number]>(this.#sql.exec(FIND, hashTag(hash), hash, now));
    return row?.[0];
  }

  /**
   * How many payloads the lookup may lack: never too few, too many where entries came without one. What a start counts
   * on from, so that objects that are evicted often don't leave it behind for ever.
   */
  lookupLag(): number {
    return Math.max(0, firstRow<[number]>(this.#sql.exec(LAG))?.[0] ?? 0);
  }

  /**
   * Brings the lookup forward by at most `MAX_LOOKUP_LAG` payloads and returns how many it took. Worth calling once that
   * many have come in: a batch sorted by tag writes each page of the index once.
   */
  extendLookup(): number {
    const tail = [...this.#sql.exec(TAIL, MAX_LOOKUP_LAG).raw<[number, ArrayBuffer]>()];
    const rows = tail.map(([index, hash]) => ({ index, tag: hashTag(new Uint8Array(hash)) }));
    rows.sort((a, b) => a.tag - b.tag);
    insertRows(this.#sql, INSERT_LOOKUP, rows, (row) => [row.index, row.tag]);
    return rows.length;
  }

  /** When the oldest payload expires, in ms since the Unix epoch. */
  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** Deletes what expired by `now`, looking at the `limit` oldest. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, limit, now);
    const dropped = countChanges(this.#sql);
    if (dropped > 0) this.trimLookup();
    return dropped;
  }

  /** Forgets where payloads were that are nowhere any more. */
  trimLookup(): void {
    this.#sql.exec(DROP_LOOKUP);
  }

  #lookupEnd(): number {
    return firstRow<[number]>(this.#sql.exec(`SELECT ${LOOKUP_END}`))?.[0] ?? -1;
  }
}

/** 48 bits, since SQLite's integers come back as JS numbers. */
function hashTag(hash: Uint8Array): number {
  const view = new DataView(hash.buffer, hash.byteOffset);
  return view.getUint32(0) * 0x1_0000 + view.getUint16(4);
}
