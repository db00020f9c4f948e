import { firstRow } from '../../first-row.ts';
import { recallFar } from './recall.ts';

/** A blob that is to be gone: what is needed to find every object of it. */
export interface Tombstone {
  /** Id of the blob. */
  readonly blob: Uint8Array;
  /** Number of the placement that its objects lie by. */
  readonly placement: number;
  /** Number of the one that their keys say, where that is another. */
  readonly writtenBy?: number | undefined;
  readonly blobBytes: number;
}

const INSERT = `INSERT OR IGNORE INTO tombstones (blob, placement, written_by, blob_bytes, due_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?)`;
const DUE = `SELECT blob, placement, written_by, blob_bytes, expires_at FROM tombstones
  WHERE due_at <= ? ORDER BY due_at LIMIT ?`;
const HAS = 'SELECT 1 FROM tombstones WHERE blob = ?';
const DEFER = 'UPDATE tombstones SET due_at = ? WHERE blob = ? AND placement = ?';
const DROP = 'DELETE FROM tombstones WHERE blob = ? AND placement = ?';
const NEXT_DUE = 'SELECT due_at FROM tombstones ORDER BY due_at LIMIT 1';

/** Blobs that no row of this chain stands for any more, until each node has said that it has nothing of them (`TI8`). */
export class TombstoneStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction that drops what stood for the blob. Given up at `expiresAt`. */
  add({ blob, placement, writtenBy, blobBytes }: Tombstone, dueAt: number, expiresAt: number): void {
    this.#sql.exec(INSERT, blob, placement, writtenBy ?? null, blobBytes, dueAt, expiresAt);
  }

  /** What is due by `now`, the longest waiting first. */
  due(now: number, limit: number): (Tombstone & { readonly expiresAt: number })[] {
    recallFar(this.#sql, 'tombstones', now);
    const rows = [...this.#sql.exec(DUE, now, limit).raw<[ArrayBuffer, number, number | null, number, number]>()];
    return rows.map(([blob, placement, writtenBy, blobBytes, expiresAt]) => {
      return { blob: new Uint8Array(blob), placement, writtenBy: writtenBy ?? undefined, blobBytes, expiresAt };
    });
  }

  has(blob: Uint8Array): boolean {
    return firstRow(this.#sql.exec(HAS, blob)) !== undefined;
  }

  defer({ blob, placement }: Tombstone, dueAt: number): void {
    this.#sql.exec(DEFER, dueAt, blob, placement);
  }

  /** What would be due after `later` is due now. */
  hasten(now: number, later: number): void {
    this.#sql.exec('UPDATE tombstones SET due_at = ? WHERE due_at > ?', now, later);
  }

  drop({ blob, placement }: Tombstone): void {
    this.#sql.exec(DROP, blob, placement);
  }

  nextDue(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_DUE))?.[0];
  }
}
