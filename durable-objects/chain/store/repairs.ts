import { firstRow } from '../../first-row.ts';
import { recallFar } from './recall.ts';

/** A blob that waits for its repair, after so many that did not make it whole. */
export interface RepairRow {
  readonly id: Uint8Array;
  readonly attempt: number;
}

/** A copy of a shard where its blob lay before (`CR5`). */
export interface Leftover {
  readonly id: Uint8Array;
  readonly node: string;
  readonly shard: number;
  /** Number of the placement that its keys say. */
  readonly writtenBy: number;
  readonly parts: number;
}

/** A row in the way it is due, and how often it was tried. */
type DueLeftover = Leftover & { readonly attempt: number };

const QUEUE = 'INSERT OR IGNORE INTO repairs (id, due_at) VALUES (?, ?)';
const DUE = 'SELECT id, attempt FROM repairs WHERE due_at <= ? ORDER BY due_at LIMIT 1';
const POSTPONE = 'UPDATE repairs SET attempt = attempt + 1, due_at = ? WHERE id = ?';
const KEEP_LEFTOVER = `INSERT INTO leftovers (id, node, shard, written_by, parts, due_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (id, node, shard) DO UPDATE SET due_at = excluded.due_at, attempt = 0`;
const DUE_LEFTOVER = `SELECT id, node, shard, written_by, parts, attempt FROM leftovers
  WHERE due_at <= ? ORDER BY due_at LIMIT 1`;
const HAS_LEFTOVER = 'SELECT 1 FROM leftovers WHERE id = ? AND node = ? AND shard = ?';

/** The queue of blobs with missing shards: one row a blob, whose own row says which shards. */
export class RepairStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** One that waits already keeps its turn. */
  queue(id: Uint8Array, dueAt: number): void {
    this.#sql.exec(QUEUE, id, dueAt);
  }

  due(now: number): RepairRow | undefined {
    recallFar(this.#sql, 'repairs', now);
    const row = firstRow<[ArrayBuffer, number]>(this.#sql.exec(DUE, now));
    return row && { id: new Uint8Array(row[0]), attempt: row[1] };
  }

  nextDue(): number | undefined {
    return firstRow<[number | null]>(this.#sql.exec('SELECT min(due_at) FROM repairs'))?.[0] ?? undefined;
  }

  postpone(id: Uint8Array, dueAt: number): void {
    this.#sql.exec(POSTPONE, dueAt, id);
  }

  /** Everything that waits is tried at once: what failed before may go now. */
  hasten(now: number): void {
    this.#sql.exec('UPDATE repairs SET attempt = 0, due_at = ? WHERE due_at > ?', now, now);
  }

  remove(id: Uint8Array): void {
    this.#sql.exec('DELETE FROM repairs WHERE id = ?', id);
  }

  *ids(): Generator<Uint8Array, void> {
    for (const [id] of this.#sql.exec('SELECT id FROM repairs').raw<[ArrayBuffer]>()) yield new Uint8Array(id);
  }
}

/** Copies of shards that are still to be deleted. */
export class LeftoverStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  keep({ id, node, shard, writtenBy, parts }: Leftover, dueAt: number): void {
    this.#sql.exec(KEEP_LEFTOVER, id, node, shard, writtenBy, parts, dueAt);
  }

  due(now: number): DueLeftover | undefined {
    recallFar(this.#sql, 'leftovers', now);
    const row = firstRow<[ArrayBuffer, string, number, number, number, number]>(this.#sql.exec(DUE_LEFTOVER, now));
    if (row === undefined) return undefined;
    const [id, node, shard, writtenBy, parts, attempt] = row;
    return { id: new Uint8Array(id), node, shard, writtenBy, parts, attempt };
  }

  nextDue(): number | undefined {
    return firstRow<[number | null]>(this.#sql.exec('SELECT min(due_at) FROM leftovers'))?.[0] ?? undefined;
  }

  postpone({ id, node, shard }: Leftover, dueAt: number): void {
    const update = 'UPDATE leftovers SET attempt = attempt + 1, due_at = ? WHERE id = ? AND node = ? AND shard = ?';
    this.#sql.exec(update, dueAt, id, node, shard);
  }

  hasten(now: number): void {
    this.#sql.exec('UPDATE leftovers SET attempt = 0, due_at = ? WHERE due_at > ?', now, now);
  }

  remove({ id, node, shard }: Leftover): void {
    this.#sql.exec('DELETE FROM leftovers WHERE id = ? AND node = ? AND shard = ?', id, node, shard);
  }

  has(id: Uint8Array, node: string, shard: number): boolean {
    return firstRow<[number]>(this.#sql.exec(HAS_LEFTOVER, id, node, shard)) !== undefined;
  }

  get count(): number {
    return firstRow<[number]>(this.#sql.exec('SELECT count(*) FROM leftovers'))?.[0] ?? 0;
  }
}
