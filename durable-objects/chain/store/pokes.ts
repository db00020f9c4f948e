import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { recallFar } from './recall.ts';

export interface Poke {
  readonly recipient: Uint8Array;
  /** The newest entry that the recipient was not told of. */
  readonly index: number;
  /** Times that it was tried. */
  readonly attempt: number;
}

/** What recipients are to be told. */
export interface NewPoke {
  readonly index: number;
  readonly dueAt: number;
  /** Given up from then on. */
  readonly expiresAt: number;
}

const RAISE = `INSERT INTO pokes (recipient, idx, due_at, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (recipient) DO UPDATE SET idx = max(idx, excluded.idx), expires_at = excluded.expires_at`;
const DUE = 'SELECT recipient, idx, attempt FROM pokes WHERE due_at <= ? ORDER BY due_at LIMIT ?';
const SETTLE = 'DELETE FROM pokes WHERE recipient = ? AND idx <= ?';
const RESTART = 'UPDATE pokes SET attempt = 0 WHERE recipient = ?';
const DEFER = 'UPDATE pokes SET attempt = attempt + 1, due_at = ? WHERE recipient = ?';
const POSTPONE = 'UPDATE pokes SET due_at = ? WHERE recipient = ?';
const DROP = `DELETE FROM pokes
  WHERE recipient IN (SELECT recipient FROM pokes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;
const NEXT_DUE = 'SELECT due_at FROM pokes ORDER BY due_at LIMIT 1';

/** Who must be told that the chain has something new; what it is, they read from the chain. */
export class PokeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A recipient with a poke on its way keeps that one's time and gets the newer index, with as long to live. */
  raise(recipients: readonly Uint8Array[], { index, dueAt, expiresAt }: NewPoke): void {
    for (const recipient of recipients) this.#sql.exec(RAISE, recipient, index, dueAt, expiresAt);
  }

  /** What is due by `now`, the longest waiting first. */
  due(now: number, limit: number): Poke[] {
    recallFar(this.#sql, 'pokes', now);
    const rows = [...this.#sql.exec(DUE, now, limit).raw<[ArrayBuffer, number, number]>()];
    return rows.map(([recipient, index, attempt]) => ({ recipient: new Uint8Array(recipient), index, attempt }));
  }

  /** The recipient knows of `index`. A poke that has risen above it meanwhile stays due, with its failures forgotten. */
  settle(recipient: Uint8Array, index: number): void {
    this.#sql.exec(SETTLE, recipient, index);
    this.#sql.exec(RESTART, recipient);
  }

  /** Counts an attempt; unless it settles, the next one is at `dueAt`. */
  defer(recipient: Uint8Array, dueAt: number): void {
    this.#sql.exec(DEFER, dueAt, recipient);
  }

  /** Moves the next attempt. */
  postpone(recipient: Uint8Array, dueAt: number): void {
    this.#sql.exec(POSTPONE, dueAt, recipient);
  }

  nextDue(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_DUE))?.[0];
  }

  /** Deletes at most `limit` pokes that expired by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}
