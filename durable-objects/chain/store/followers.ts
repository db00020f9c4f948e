import type { AccountFollowing } from '../../../core/index.ts';
import { firstRow } from '../../first-row.ts';
import { FAR_MS } from './recall.ts';

/** Groups that one account tells of what is new; more of them learn it by their leases. */
const MAX_FOLLOWERS = 16_384;

const NOTE = `INSERT INTO followers (chain, known, due_at, attempt) VALUES (?, ?, 0, 0)
  ON CONFLICT (chain) DO UPDATE SET known = excluded.known, due_at = 0, attempt = 0 WHERE known < excluded.known`;
const KNOWN = 'SELECT known FROM followers WHERE chain = ?';
const COUNT = 'SELECT count(*) FROM followers';
/** One that is due too far ahead was put off by a clock that ran ahead. */
const BEHIND = `SELECT chain, attempt FROM followers WHERE known < ?1 AND (due_at <= ?2 OR due_at > ?2 + ${FAR_MS})
  ORDER BY due_at LIMIT ?3`;
const DEFER = 'UPDATE followers SET attempt = attempt + 1, due_at = ? WHERE chain = ?';
const NEXT_DUE = 'SELECT due_at FROM followers WHERE known < ? ORDER BY due_at LIMIT 1';
const LAGGING = 'SELECT chain, known FROM followers WHERE known < ? ORDER BY known, chain LIMIT ?';
const COUNT_BEHIND = 'SELECT count(*) FROM followers WHERE known < ?';

/** A group that has something to learn. */
export interface Follower {
  readonly chain: Uint8Array;
  /** Times that it was told since it last learned something. */
  readonly attempt: number;
}

/** The groups that name an account, and how much of its chain each has imported. */
export class FollowerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A group knows the first `known` entries. Written only where that is news, since groups ask every minute. */
  note(chain: Uint8Array, known: number): void {
    const held = firstRow<[number]>(this.#sql.exec(KNOWN, chain))?.[0];
    if (held !== undefined ? held >= known : this.count() >= MAX_FOLLOWERS) return;
    this.#sql.exec(NOTE, chain, known);
  }

  count(): number {
    return firstRow<[number]>(this.#sql.exec(COUNT))?.[0] ?? 0;
  }

  /** Those that don't know all of `size` entries. */
  countBehind(size: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT_BEHIND, size))?.[0] ?? 0;
  }

  /** Those of them that know least. */
  lagging(size: number, limit: number): AccountFollowing['lagging'] {
    const rows = [...this.#sql.exec(LAGGING, size, limit).raw<[ArrayBuffer, number]>()];
    return rows.map(([chain, known]) => ({ chain: new Uint8Array(chain), known }));
  }

  /** Those of them that are due to be told, the longest waiting first. */
  behind(size: number, now: number, limit: number): Follower[] {
    const rows = [...this.#sql.exec(BEHIND, size, now, limit).raw<[ArrayBuffer, number]>()];
    return rows.map(([chain, attempt]) => ({ chain: new Uint8Array(chain), attempt }));
  }

  /** Counts an attempt; unless it learns something, the next one is at `dueAt`. */
  defer(chain: Uint8Array, dueAt: number): void {
    this.#sql.exec(DEFER, dueAt, chain);
  }

  nextDue(size: number): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_DUE, size))?.[0];
  }
}
