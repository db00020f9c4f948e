/** A job as stored: due at a time in ms since the Unix epoch, after so many failures in a row. */
export interface JobRow {
  readonly kind: string;
  readonly dueAt: number;
  readonly attempt: number;
}

const KEEP_EARLIER = `INSERT INTO jobs (kind, due_at) VALUES (?, ?)
  ON CONFLICT (kind) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < due_at AND attempt = 0`;
const REPLACE = 'UPDATE jobs SET due_at = ?, attempt = ? WHERE kind = ?';
const REMOVE = 'DELETE FROM jobs WHERE kind = ?';
const ALL = 'SELECT kind, due_at, attempt FROM jobs';

/** The jobs table: one row a kind. */
export class JobRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Returns whether the row changed: false where the kind is due by then anyway, or waits after a failure. */
  keepEarlier(kind: string, dueAt: number): boolean {
    return this.#sql.exec(KEEP_EARLIER, kind, dueAt).rowsWritten > 0;
  }

  all(): JobRow[] {
    const rows = [...this.#sql.exec(ALL).raw<[string, number, number]>()];
    return rows.map(([kind, dueAt, attempt]) => ({ kind, dueAt, attempt }));
  }

  replace({ kind, dueAt, attempt }: JobRow): void {
    this.#sql.exec(REPLACE, dueAt, attempt, kind);
  }

  remove(kind: string): void {
    this.#sql.exec(REMOVE, kind);
  }
}
