import type { HeldMail } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import type { mailbox } from '../schema.ts';

type MailKind = (typeof mailbox.$inferSelect)['kind'];

export interface NewMail {
  readonly kind: MailKind;
  readonly chain: Uint8Array;
  /** Of the entry that caused it: what makes a second delivery recognisable. */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Mail extends NewMail {
  /** Rises with every row and is never given twice; the reader's cursor. */
  readonly seq: number;
}

interface MailPageQuery {
  /** The first sequence number that the reader wants; 0 for the beginning. */
  readonly from: number;
  readonly limit: number;
  /** The first row is given whatever its size. */
  readonly maxBytes: number;
  readonly now: number;
}

const INSERT = `INSERT OR IGNORE INTO mailbox (kind, chain, idx, bytes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`;
const HELD_WELCOME = `SELECT idx, acknowledged FROM mailbox WHERE kind = 'welcome' AND chain = ? AND idx = ?`;
const HELD_POKE = `SELECT idx, acknowledged FROM mailbox WHERE kind = 'poke' AND chain = ?`;
const DROP_OLDER_POKE = `DELETE FROM mailbox WHERE kind = 'poke' AND chain = ? AND idx < ?`;
const PAGE = `SELECT seq, kind, chain, idx, bytes, created_at, expires_at FROM mailbox
  WHERE acknowledged = 0 AND seq >= ? AND expires_at > ? ORDER BY seq LIMIT ?`;
const ACKNOWLEDGE = `UPDATE mailbox SET acknowledged = 1, bytes = x'' WHERE acknowledged = 0 AND seq <= ?`;
const COUNT = 'SELECT count(*) FROM mailbox WHERE acknowledged = 0 AND kind = ? AND expires_at > ?';
const LAST = 'SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)';
const NEXT_EXPIRY = 'SELECT expires_at FROM mailbox ORDER BY expires_at LIMIT 1';
const DROP = `DELETE FROM mailbox
  WHERE seq IN (SELECT seq FROM mailbox WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/**
 * What waits for one actor, in the order in which it came. Expired mail is never given out, deleted or not. Acknowledged
 * rows stay until then, empty: only they can tell a repeated delivery from a new one.
 */
export class MailboxStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What a delivery would repeat or replace: the same Welcome, or any poke of its chain. Acknowledged ones count too. */
  held(kind: MailKind, chain: Uint8Array, index: number): HeldMail | undefined {
    const cursor = kind === 'poke' ? this.#sql.exec(HELD_POKE, chain) : this.#sql.exec(HELD_WELCOME, chain, index);
    const row = firstRow<[number, number]>(cursor);
    return row && { index: row[0], isWaiting: row[1] === 0 };
  }

  /**
   * Takes mail and returns its sequence number; undefined where the same is there already. A poke takes the place of an
   * older one of its chain under a number of its own, so that a reader whose cursor passed the old one sees the new.
   * Inside `transactionSync`: it may write twice.
   */
  put(mail: NewMail): number | undefined {
    if (mail.kind === 'poke') this.#sql.exec(DROP_OLDER_POKE, mail.chain, mail.index);
    this.#sql.exec(INSERT, mail.kind, mail.chain, mail.index, mail.bytes, mail.createdAt, mail.expiresAt);
    return countChanges(this.#sql) === 1 ? this.lastSeq() : undefined;
  }

  page(query: MailPageQuery): Mail[] {
    const page: Mail[] = [];
    let size = 0;
    const cursor = this.#sql.exec(PAGE, query.from, query.now, query.limit);
    for (const [seq, kind, chain, index, bytes, createdAt, expiresAt] of cursor.raw<MailColumns>()) {
      size += bytes.byteLength;
      if (page.length > 0 && size > query.maxBytes) break;
      page.push({
        seq,
        kind,
        chain: new Uint8Array(chain),
        index,
        bytes: new Uint8Array(bytes),
        createdAt,
        expiresAt,
      });
    }
    return page;
  }

  /** Forgets the contents of everything up to and including `seq`, and gives none of it again. Returns how many went. */
  acknowledge(seq: number): number {
    this.#sql.exec(ACKNOWLEDGE, seq);
    return countChanges(this.#sql);
  }

  /** How many of a kind wait for the reader. */
  count(kind: MailKind, now: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT, kind, now))?.[0] ?? 0;
  }

  /** The newest sequence number ever given; 0 before the first. */
  lastSeq(): number {
    return firstRow<[number]>(this.#sql.exec(LAST, 'mailbox'))?.[0] ?? 0;
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** Deletes at most `limit` rows that expired by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}

type MailColumns = [
  seq: number,
  kind: MailKind,
  chain: ArrayBuffer,
  index: number,
  bytes: ArrayBuffer,
  createdAt: number,
  expiresAt: number,
];
