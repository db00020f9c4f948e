import { fanoutMigrations } from '../../migrations/index.ts';
import { firstRow } from '../first-row.ts';
import { applyMigrations } from '../migrate.ts';

const HAS_SHARE = `SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'share'`;

/** Which part of which chain's readers an object holds. */
export interface ShareIdentity {
  readonly chain: Uint8Array;
  readonly share: number;
}

export interface StoredShare extends ShareIdentity {
  readonly next: number;
}

/** What a share keeps of itself. */
export class ShareRow {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How far its live readers are. */
  pass(next: number): void {
    this.#sql.exec('UPDATE share SET next = ?', next);
  }
}

/** The share that this storage holds. One that was only asked for has no tables, and asking leaves none behind. */
export function openShareStorage(storage: DurableObjectStorage): StoredShare | undefined {
  if (storage.sql.exec(HAS_SHARE).toArray().length === 0) return undefined;
  applyMigrations(storage, fanoutMigrations);
  const row = firstRow<[number, ArrayBuffer, number]>(storage.sql.exec('SELECT number, chain, next FROM share'));
  return row && { share: row[0], chain: new Uint8Array(row[1]), next: row[2] };
}

export function writeShare(storage: DurableObjectStorage, { chain, share, next }: StoredShare): void {
  applyMigrations(storage, fanoutMigrations);
  storage.sql.exec('INSERT INTO share (number, chain, next) VALUES (?, ?, ?)', share, chain, next);
}
