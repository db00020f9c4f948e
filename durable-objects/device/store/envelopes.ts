import type { EnvelopeLoad, TokenRegister } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';

/** An envelope on its way into the mailbox. */
export interface NewEnvelope {
  /** Zeros where a token let it in. */
  readonly chain: Uint8Array;
  /** Serial of the token that let it in; 0 where a chain did. */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
  readonly sender: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
}

const KNOWS = `SELECT 1 FROM mailbox WHERE kind = 'envelope' AND digest = ?`;
const WAITING = `(acknowledged = 0 or set_aside = 1) AND kind = 'envelope' AND expires_at > ?`;
const OF_TOKENS = `SELECT count(*), 0, 0 FROM mailbox WHERE ${WAITING} AND chain = zeroblob(32)`;
const OF_CHAINS = `SELECT count(*), count(*) FILTER (WHERE chain = ?), count(*) FILTER (WHERE sender = ?)
  FROM mailbox WHERE ${WAITING} AND chain <> zeroblob(32)`;
const INSERT = `INSERT INTO mailbox (kind, chain, idx, bytes, digest, sender, created_at, expires_at)
  VALUES ('envelope', ?, ?, ?, ?, ?, ?, ?)`;
const IS_OVERFLOW_MARKED = `SELECT 1 FROM mailbox
  WHERE (acknowledged = 0 or set_aside = 1) AND kind = 'overflow' AND acknowledged = 0 AND expires_at > ?`;

const EPOCH = 'SELECT epoch FROM token_epochs WHERE id = 0';
const RAISE = `INSERT INTO token_epochs (id, epoch) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch`;
const DROP_TOKENS = 'DELETE FROM mailbox_tokens';
const TOKEN = 'SELECT uses, revoked FROM mailbox_tokens WHERE serial = ?';
const COUNT_TOKENS = 'SELECT count(*) FROM mailbox_tokens';
const USE = `INSERT INTO mailbox_tokens (serial, uses, revoked, expires_at) VALUES (?, 1, 0, ?)
  ON CONFLICT (serial) DO UPDATE SET uses = uses + 1, expires_at = max(expires_at, excluded.expires_at)`;
const REVOKE = `INSERT INTO mailbox_tokens (serial, uses, revoked, expires_at) VALUES (?, 0, 1, ?)
  ON CONFLICT (serial) DO UPDATE SET revoked = 1, expires_at = max(expires_at, excluded.expires_at)`;
const NEXT_EXPIRY = 'SELECT expires_at FROM mailbox_tokens ORDER BY expires_at LIMIT 1';
const DROP = `DELETE FROM mailbox_tokens
  WHERE serial IN (SELECT serial FROM mailbox_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/** Envelopes among the mail, and what is known of the tokens that let them in. */
export class EnvelopeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Whether an envelope of these bytes came before. */
  knows(digest: Uint8Array): boolean {
    return firstRow(this.#sql.exec(KNOWS, digest)) !== undefined;
  }

  /** Envelopes that tokens let in. */
  tokenLoad(now: number): EnvelopeLoad {
    return loadOf(firstRow(this.#sql.exec(OF_TOKENS, now)));
  }

  /** Envelopes that chains let in: all, of this chain, of this sender. */
  sharedLoad(chain: Uint8Array, sender: Uint8Array, now: number): EnvelopeLoad {
    return loadOf(firstRow(this.#sql.exec(OF_CHAINS, chain, sender, now)));
  }

  put({ chain, index, bytes, digest, sender, createdAt, expiresAt }: NewEnvelope): void {
    this.#sql.exec(INSERT, chain, index, bytes, digest, sender, createdAt, expiresAt);
  }

  /** Whether the owner is told already, and has not acknowledged it, that something found no room. */
  isOverflowMarked(now: number): boolean {
    return firstRow(this.#sql.exec(IS_OVERFLOW_MARKED, now)) !== undefined;
  }

  epoch(): number {
    return firstRow<[number]>(this.#sql.exec(EPOCH))?.[0] ?? 0;
  }

  /** Tokens of earlier epochs are void by that, so nothing of them has to be known. Inside `transactionSync`. */
  raiseEpoch(epoch: number): void {
    this.#sql.exec(RAISE, epoch);
    this.#sql.exec(DROP_TOKENS);
  }

  register(serial: number): TokenRegister {
    const entry = firstRow<[number, number]>(this.#sql.exec(TOKEN, serial));
    const size = firstRow<[number]>(this.#sql.exec(COUNT_TOKENS))?.[0] ?? 0;
    return { epoch: this.epoch(), entry: entry && { uses: entry[0], isRevoked: entry[1] === 1 }, size };
  }

  use(serial: number, expiresAt: number): void {
    this.#sql.exec(USE, serial, expiresAt);
  }

  revoke(serial: number, expiresAt: number): void {
    this.#sql.exec(REVOKE, serial, expiresAt);
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** Forgets at most `limit` tokens that can't be in force any more by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}

function loadOf([all, ofChain, ofSender]: [number, number, number] = [0, 0, 0]): EnvelopeLoad {
  return { all, ofChain, ofSender };
}
