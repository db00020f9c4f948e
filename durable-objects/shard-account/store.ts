import type { ObjectKey } from '../../core/index.ts';
import { firstRow } from '../first-row.ts';

export interface ObjectRow {
  readonly sizeBytes: number;
  /** ms since the Unix epoch */
  readonly expiresAt: number;
}

/** What a relay has at this node. */
export interface ShardUsage {
  readonly usedBytes: number;
  readonly objects: number;
}

const FIND = 'SELECT size, expires_at FROM objects WHERE key = ?';
const WRITE = `INSERT INTO objects (key, size, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET size = excluded.size, expires_at = excluded.expires_at`;
const REMOVE = 'DELETE FROM objects WHERE key = ?';
const EXPIRED = 'SELECT key FROM objects WHERE expires_at <= ? ORDER BY expires_at LIMIT ?';
const NEXT_EXPIRY = 'SELECT min(expires_at) FROM objects';
const USAGE = 'SELECT coalesce(sum(size), 0), count(*) FROM objects';

/** The objects table, and its sum in memory: adding up every row at each put would make a full account a slow one. */
export class ObjectRows {
  readonly #sql: SqlStorage;
  #usage: ShardUsage;

  /** Over migrated storage. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const [usedBytes, objects] = firstRow<[number, number]>(sql.exec(USAGE)) ?? [0, 0];
    this.#usage = { usedBytes, objects };
  }

  get usage(): ShardUsage {
    return this.#usage;
  }

  find(key: ObjectKey): ObjectRow | undefined {
    const row = firstRow<[number, number]>(this.#sql.exec(FIND, key));
    return row && { sizeBytes: row[0], expiresAt: row[1] };
  }

  /** Makes a key's row this one, or none. */
  set(key: ObjectKey, row: ObjectRow | undefined): void {
    const held = this.find(key);
    if (row === undefined) this.#sql.exec(REMOVE, key);
    else this.#sql.exec(WRITE, key, row.sizeBytes, row.expiresAt);
    const { usedBytes, objects } = this.#usage;
    this.#usage = {
      usedBytes: usedBytes - (held?.sizeBytes ?? 0) + (row?.sizeBytes ?? 0),
      objects: objects - (held === undefined ? 0 : 1) + (row === undefined ? 0 : 1),
    };
  }

  /** At most `limit` that expired by `now`, oldest first. */
  expired(now: number, limit: number): ObjectKey[] {
    return [...this.#sql.exec(EXPIRED, now, limit).raw<[string]>()].map(([key]) => key as ObjectKey);
  }

  nextExpiry(): number | undefined {
    return firstRow<[number | null]>(this.#sql.exec(NEXT_EXPIRY))?.[0] ?? undefined;
  }
}
