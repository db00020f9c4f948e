import type { ClaimCount } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';

const READ = 'SELECT count, ends_at FROM claim_windows WHERE chain = ?';
const SAVE = `INSERT INTO claim_windows (chain, count, ends_at) VALUES (?, ?, ?)
  ON CONFLICT (chain) DO UPDATE SET count = excluded.count, ends_at = excluded.ends_at`;
const NEXT_END = 'SELECT ends_at FROM claim_windows ORDER BY ends_at LIMIT 1';
const DROP = `DELETE FROM claim_windows
  WHERE chain IN (SELECT chain FROM claim_windows WHERE ends_at <= ? ORDER BY ends_at LIMIT ?)`;

/** How often each chain has claimed of this device lately: one row a chain, gone when its window ends. */
export class ClaimWindowStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  read(chain: Uint8Array): ClaimCount | undefined {
    const row = firstRow<[number, number]>(this.#sql.exec(READ, chain));
    return row && { count: row[0], endsAt: row[1] };
  }

  save(chain: Uint8Array, { count, endsAt }: ClaimCount): void {
    this.#sql.exec(SAVE, chain, count, endsAt);
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_END))?.[0];
  }

  /** Deletes at most `limit` windows that ended by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}
