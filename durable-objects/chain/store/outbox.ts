import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { insertRows, insertStatements } from '../../insert-rows.ts';
import { recallFar } from './recall.ts';

/** What names a delivery: the recipient drops a second one with the same three. */
export interface DeliveryKey {
  readonly index: number;
  readonly recipient: Uint8Array;
  readonly kind: string;
}

/** The deliveries of one entry: the same to each of its recipients. */
export interface NewDeliveries {
  readonly index: number;
  readonly kind: string;
  readonly content: Uint8Array;
  readonly recipients: readonly Uint8Array[];
  readonly dueAt: number;
  /** Given up from then on. */
  readonly expiresAt: number;
}

export interface Delivery extends DeliveryKey {
  /** Times that it was tried. */
  readonly attempt: number;
  readonly expiresAt: number;
}

const INSERT = insertStatements('outbox', ['idx', 'recipient', 'kind', 'due_at', 'expires_at']);
const INSERT_CONTENT = 'INSERT INTO outbox_contents (idx, kind, bytes) VALUES (?, ?, ?)';
const DUE = 'SELECT idx, recipient, kind, attempt, expires_at FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT ?';
const CONTENT = 'SELECT bytes FROM outbox_contents WHERE idx = ? AND kind = ?';
const SETTLE = 'DELETE FROM outbox WHERE idx = ? AND recipient = ? AND kind = ?';
const DEFER = 'UPDATE outbox SET attempt = attempt + 1, due_at = ? WHERE idx = ? AND recipient = ? AND kind = ?';
const NEXT_DUE = 'SELECT due_at FROM outbox ORDER BY due_at LIMIT 1';
const DROP = `DELETE FROM outbox
  WHERE rowid IN (SELECT rowid FROM outbox WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;
/** As few as the commits of the last 30 days whose joiners are all to be reached. */
const DROP_CONTENTS = `DELETE FROM outbox_contents WHERE NOT EXISTS
  (SELECT 1 FROM outbox WHERE outbox.idx = outbox_contents.idx AND outbox.kind = outbox_contents.kind)`;

/** Effects on other objects, from the transaction that decided them until the recipient has acknowledged (`OB1`, `OB3`). */
export class OutboxStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction of the entry that causes them. */
  enqueue({ index, kind, content, recipients, dueAt, expiresAt }: NewDeliveries): void {
    this.#sql.exec(INSERT_CONTENT, index, kind, content);
    insertRows(this.#sql, INSERT, recipients, (recipient) => [index, recipient, kind, dueAt, expiresAt]);
  }

  /** What is due by `now`, the longest waiting first. */
  due(now: number, limit: number): Delivery[] {
    recallFar(this.#sql, 'outbox', now);
    const rows = [...this.#sql.exec(DUE, now, limit).raw<DeliveryColumns>()];
    return rows.map(([index, recipient, kind, attempt, expiresAt]) => ({
      index,
      recipient: new Uint8Array(recipient),
      kind,
      attempt,
      expiresAt,
    }));
  }

  /** What a delivery brings; undefined once all of its entry are settled. */
  content({ index, kind }: Pick<DeliveryKey, 'index' | 'kind'>): Uint8Array | undefined {
    const row = firstRow<[ArrayBuffer]>(this.#sql.exec(CONTENT, index, kind));
    return row && new Uint8Array(row[0]);
  }

  /** The recipient has acknowledged. */
  settle(key: DeliveryKey): void {
    this.#sql.exec(SETTLE, key.index, key.recipient, key.kind);
    this.#sql.exec(DROP_CONTENTS);
  }

  /** Counts an attempt; unless it settles, the next one is at `dueAt`. */
  defer(key: DeliveryKey, dueAt: number): void {
    this.#sql.exec(DEFER, dueAt, key.index, key.recipient, key.kind);
  }

  nextDue(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_DUE))?.[0];
  }

  /** Deletes at most `limit` deliveries that expired by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    const dropped = countChanges(this.#sql);
    if (dropped > 0) this.#sql.exec(DROP_CONTENTS);
    return dropped;
  }
}

type DeliveryColumns = [index: number, recipient: ArrayBuffer, kind: string, attempt: number, expiresAt: number];
