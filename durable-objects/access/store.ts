import { countChanges } from '../count-changes.ts';
import { firstRow } from '../first-row.ts';
import { NonceRows } from './nonces.ts';

export interface Ticket {
  /** SHA-256 of what the holder sends. */
  readonly hash: Uint8Array;
  readonly actor: Uint8Array;
  /** Undefined where the request that asked for it had no Origin. */
  readonly origin: string | undefined;
  readonly expiresAt: number;
}

const ISSUE = 'INSERT INTO tickets (hash, actor, origin, expires_at) VALUES (?, ?, ?, ?)';
const REDEEM = 'DELETE FROM tickets WHERE hash = ? RETURNING actor, origin, expires_at';
const OUTSTANDING = 'SELECT count(*) FROM tickets WHERE expires_at > ?';
const NEXT_EXPIRY = 'SELECT min(expires_at) FROM tickets';
const DROP_TICKETS = `DELETE FROM tickets
  WHERE rowid IN (SELECT rowid FROM tickets WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/** What makes an authorisation single-use: tickets until redeemed, nonces until their request can't be replayed. */
export class AccessStore {
  readonly nonces: NonceRows;
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.nonces = new NonceRows(sql);
  }

  issueTicket(ticket: Ticket): void {
    this.#sql.exec(ISSUE, ticket.hash, ticket.actor, ticket.origin ?? null, ticket.expiresAt);
  }

  /** Gives a ticket out once. An expired one is used up as well and gives nothing. */
  redeemTicket(hash: Uint8Array, now: number): Ticket | undefined {
    const row = firstRow<[ArrayBuffer, string | null, number]>(this.#sql.exec(REDEEM, hash));
    if (row === undefined) return undefined;
    const [actor, origin, expiresAt] = row;
    if (expiresAt <= now) return undefined;
    return { hash, actor: new Uint8Array(actor), origin: origin ?? undefined, expiresAt };
  }

  /** Tickets that could still be redeemed. */
  outstanding(now: number): number {
    return firstRow<[number]>(this.#sql.exec(OUTSTANDING, now))?.[0] ?? 0;
  }

  nextExpiry(): number | undefined {
    const tickets = firstRow<[number | null]>(this.#sql.exec(NEXT_EXPIRY))?.[0] ?? undefined;
    const nonces = this.nonces.nextExpiry();
    return tickets === undefined || nonces === undefined ? (tickets ?? nonces) : Math.min(tickets, nonces);
  }

  /** Deletes at most `limit` tickets and as many nonces that expired by `now`. Returns how many rows went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP_TICKETS, now, limit);
    return countChanges(this.#sql) + this.nonces.dropExpired(now, limit);
  }
}
