import type { ClaimCount } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';

/** By what claims are counted. */
export type ClaimSubject = 'chain' | 'claimer';

const READ = 'SELECT count, ends_at FROM claim_counts WHERE kind = ? AND subject = ?';
const SIZE = 'SELECT count(*) FROM claim_counts';
const SAVE = `INSERT INTO claim_counts (kind, subject, count, ends_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (kind, subject) DO UPDATE SET count = excluded.count, ends_at = excluded.ends_at`;
const NEXT_END = 'SELECT ends_at FROM claim_counts ORDER BY ends_at LIMIT 1';
const DROP = `DELETE FROM claim_counts
  WHERE rowid IN (SELECT rowid FROM claim_counts WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)`;

/** How often each chain and each actor has claimed of this device lately: a row each, gone when its hour ends. */
export class ClaimCountStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  read(kind: ClaimSubject, subject: Uint8Array): ClaimCount | undefined {
    const row = firstRow<[number, number]>(this.#sql.exec(READ, kind, subject));
    return row && { count: row[0], endsAt: row[1] };
  }

  /** Rows, those that ended and were not dropped yet included. */
  size(): number {
    return firstRow<[number]>(this.#sql.exec(SIZE))?.[0] ?? 0;
  }

  save(kind: ClaimSubject, subject: Uint8Array, { count, endsAt }: ClaimCount): void {
    this.#sql.exec(SAVE, kind, subject, count, endsAt);
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_END))?.[0];
  }

  /** Deletes at most `limit` counts that ended by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}
