import type { Givings, HeldMail, RoomTaken } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import type { mailbox } from '../schema.ts';

type MailKind = (typeof mailbox.$inferSelect)['kind'];

export interface NewMail {
  readonly kind: MailKind;
  readonly chain: Uint8Array;
  /** With kind and chain what makes a second delivery from a chain recognisable. */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Mail extends NewMail, Givings {
  /** Rises with every row and is never given twice; the reader's cursor. */
  readonly seq: number;
  readonly isSetAside: boolean;
}

export interface MailPageQuery {
  /** The first sequence number that the reader wants; 0 for the beginning. */
  readonly from: number;
  readonly limit: number;
  /** The first row is given whatever its size. */
  readonly maxBytes: number;
  /** A row that was given as often is given alone. */
  readonly maxGivings: number;
  readonly now: number;
}

const COLUMNS = 'seq, kind, chain, idx, bytes, created_at, expires_at, given, given_at, set_aside';
const INSERT = `INSERT OR IGNORE INTO mailbox (kind, chain, idx, bytes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`;
const FROM_CHAINS = `kind in ('welcome', 'poke')`;
const HELD_WELCOME = `SELECT idx, acknowledged FROM mailbox
  WHERE ${FROM_CHAINS} AND kind = 'welcome' AND chain = ? AND idx = ?`;
const HELD_POKE = `SELECT idx, acknowledged FROM mailbox WHERE kind = 'poke' AND chain = ?`;
const DROP_OLDER_POKE = `DELETE FROM mailbox WHERE kind = 'poke' AND chain = ? AND idx < ?`;
const PAGE = `SELECT ${COLUMNS} FROM mailbox WHERE acknowledged = 0 AND seq >= ? AND expires_at > ? ORDER BY seq LIMIT ?`;
const SET_ASIDE_PAGE = `SELECT ${COLUMNS} FROM mailbox
  WHERE set_aside = 1 AND seq >= ? AND expires_at > ? ORDER BY seq LIMIT ?`;
const OLDEST = 'SELECT seq FROM mailbox WHERE acknowledged = 0 AND expires_at > ? ORDER BY seq LIMIT 1';
const COUNT_GIVING = 'UPDATE mailbox SET given = given + 1, given_at = ? WHERE seq = ?';
const SET_ASIDE = 'UPDATE mailbox SET set_aside = 1 WHERE seq = ?';
/** The plus keeps the planner from counting by expiry, over all that is remembered. */
const COUNT_SET_ASIDE = 'SELECT count(*) FROM mailbox WHERE set_aside = 1 AND +expires_at > ?';
const ACKNOWLEDGE = `UPDATE mailbox SET acknowledged = 1, bytes = iif(set_aside, bytes, x'')
  WHERE acknowledged = 0 AND seq <= ?`;
const DISCARD = `UPDATE mailbox SET acknowledged = 1, set_aside = 0, bytes = x'' WHERE set_aside = 1 AND seq <= ?`;
const REMEMBERED = 'acknowledged = 1 and set_aside = 0';
const FORGET = `DELETE FROM mailbox WHERE ${REMEMBERED} AND seq <=
  (SELECT seq FROM mailbox WHERE ${REMEMBERED} ORDER BY seq DESC LIMIT 1 OFFSET ?)`;
const TAKEN = `SELECT count(*), coalesce(sum(length(bytes)), 0) FROM mailbox
  WHERE (acknowledged = 0 or set_aside = 1) AND kind = ? AND expires_at > ?`;
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
    return this.#read(PAGE, query);
  }

  /** What was set aside, acknowledged since or not. */
  setAsidePage(query: MailPageQuery): Mail[] {
    return this.#read(SET_ASIDE_PAGE, query);
  }

  /** The first item that waits. */
  oldest(now: number): number | undefined {
    return firstRow<[number]>(this.#sql.exec(OLDEST, now))?.[0];
  }

  countGiving(seq: number, now: number): void {
    this.#sql.exec(COUNT_GIVING, now, seq);
  }

  setAside(seq: number): void {
    this.#sql.exec(SET_ASIDE, seq);
  }

  countSetAside(now: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT_SET_ASIDE, now))?.[0] ?? 0;
  }

  /**
   * Gives nothing up to and including `seq` again, and forgets its bytes unless they were set aside. Returns how many went.
   */
  acknowledge(seq: number): number {
    this.#sql.exec(ACKNOWLEDGE, seq);
    return countChanges(this.#sql);
  }

  /** Forgets what was set aside, up to and including `seq`. */
  discard(seq: number): void {
    this.#sql.exec(DISCARD, seq);
  }

  /** Forgets all but the newest `limit` of what was acknowledged. */
  forget(limit: number): void {
    this.#sql.exec(FORGET, limit);
  }

  /** What of a kind waits for the reader or was set aside. */
  taken(kind: MailKind, now: number): RoomTaken {
    const [items, bytes] = firstRow<[number, number]>(this.#sql.exec(TAKEN, kind, now)) ?? [0, 0];
    return { items, bytes };
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

  #read(statement: string, { from, now, limit, maxBytes, maxGivings }: MailPageQuery): Mail[] {
    const page: Mail[] = [];
    let size = 0;
    for (const columns of this.#sql.exec(statement, from, now, limit).raw<MailColumns>()) {
      const mail = mailOf(columns);
      size += mail.bytes.length;
      const isAlone = mail.given >= maxGivings && !mail.isSetAside;
      if (page.length > 0 && (isAlone || size > maxBytes)) break;
      page.push(mail);
      if (isAlone) break;
    }
    return page;
  }
}

function mailOf(columns: MailColumns): Mail {
  const [seq, kind, chain, index, bytes, createdAt, expiresAt, given, givenAt, setAside] = columns;
  return {
    seq,
    kind,
    chain: new Uint8Array(chain),
    index,
    bytes: new Uint8Array(bytes),
    createdAt,
    expiresAt,
    given,
    givenAt,
    isSetAside: setAside === 1,
  };
}

type MailColumns = [
  seq: number,
  kind: MailKind,
  chain: ArrayBuffer,
  index: number,
  bytes: ArrayBuffer,
  createdAt: number,
  expiresAt: number,
  given: number,
  givenAt: number,
  setAside: number,
];
