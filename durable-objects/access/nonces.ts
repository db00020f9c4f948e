import type { Caller, RelayRefusal } from '../../relay/index.ts';
import { countChanges } from '../count-changes.ts';
import { firstRow } from '../first-row.ts';

const REMEMBER = 'INSERT OR IGNORE INTO nonces (nonce, expires_at) VALUES (?, ?)';
const NEXT_EXPIRY = 'SELECT min(expires_at) FROM nonces';
const DROP = `DELETE FROM nonces
  WHERE rowid IN (SELECT rowid FROM nonces WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/** A replay must find its nonce for as long as any worker could still take the signature for fresh. */
const NONCE_GRACE_MS = 60_000;
/** Rows that one sweep drops. */
const SWEEP_ROWS = 500;

/** The nonces table: what makes a signed request single-use in the object that answers it (`RQ5`). */
export class NonceRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Returns false for a nonce that is already held: the request is a replay. */
  remember(nonce: Uint8Array, expiresAt: number): boolean {
    this.#sql.exec(REMEMBER, nonce, expiresAt);
    return countChanges(this.#sql) === 1;
  }

  nextExpiry(): number | undefined {
    return firstRow<[number | null]>(this.#sql.exec(NEXT_EXPIRY))?.[0] ?? undefined;
  }

  /** Deletes at most `limit` that expired by `now`; returns how many. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}

/** Takes the request's nonce and says until when it is kept; undefined where the request is a replay. */
export function spendNonce(rows: NonceRows, { nonce, expiresAt }: Caller): number | undefined {
  const keptUntil = expiresAt + NONCE_GRACE_MS;
  return rows.remember(nonce, keptUntil) ? keptUntil : undefined;
}

/** Lets each signed request in once, where an object counts no callers and issues no tickets. */
export class NonceGate {
  readonly #rows: NonceRows;
  readonly #scheduleSweep: (dueAt: number) => void;

  constructor(sql: SqlStorage, scheduleSweep: (dueAt: number) => void) {
    this.#rows = new NonceRows(sql);
    this.#scheduleSweep = scheduleSweep;
  }

  /** Why a request that has passed everything else is not let in. */
  refusalOf(caller: Caller): RelayRefusal | undefined {
    const keptUntil = spendNonce(this.#rows, caller);
    if (keptUntil === undefined) return { code: 'nonce-replayed' };
    this.#scheduleSweep(keptUntil);
    return undefined;
  }

  /** Job step: forgets what can't be replayed any more. */
  sweep(now: number): number | undefined {
    this.#rows.dropExpired(now, SWEEP_ROWS);
    return this.#rows.nextExpiry();
  }
}
