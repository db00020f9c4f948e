import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { insertRows, insertStatements } from '../../insert-rows.ts';

/** What names a delivery: the recipient drops a second one with the same three. */
export interface DeliveryKey {
  readonly index: number;
  readonly recipient: Uint8Array;
  readonly kind: string;
}

export interface NewDelivery extends DeliveryKey {
  readonly body: Uint8Array;
  readonly dueAt: number;
  /** Given up after this. */
  readonly expiresAt: number;
}

export interface Delivery extends DeliveryKey {
  readonly body: Uint8Array;
  /** Failures so far. */
  readonly attempt: number;
  readonly expiresAt: number;
}

const INSERT = insertStatements('outbox', ['idx', 'recipient', 'kind', 'body', 'due_at', 'expires_at']);
const DUE = `SELECT idx, recipient, kind, body, attempt, expires_at FROM outbox
  WHERE due_at <= ? ORDER BY due_at LIMIT ?`;
const SETTLE = 'DELETE FROM outbox WHERE idx = ? AND recipient = ? AND kind = ?';
const DEFER = 'UPDATE outbox SET attempt = attempt + 1, due_at = ? WHERE idx = ? AND recipient = ? AND kind = ?';
const NEXT_DUE = 'SELECT due_at FROM outbox ORDER BY due_at LIMIT 1';
const DROP = `DELETE FROM outbox
  WHERE rowid IN (SELECT rowid FROM outbox WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/** Effects on other objects, from the transaction that decided them until the recipient has acknowledged. */
export class OutboxStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction of the entries that cause them. */
  enqueue(deliveries: readonly NewDelivery[]): void {
    insertRows(this.#sql, INSERT, deliveries, (row) => [
      row.index,
      row.recipient,
      row.kind,
      row.body,
      row.dueAt,
      row.expiresAt,
    ]);
  }

  /** What is due by `now`, the longest waiting first. */
  due(now: number, limit: number): Delivery[] {
    const rows = [...this.#sql.exec(DUE, now, limit).raw<DeliveryColumns>()];
    return rows.map(([index, recipient, kind, body, attempt, expiresAt]) => ({
      index,
      recipient: new Uint8Array(recipient),
      kind,
      body: new Uint8Array(body),
      attempt,
      expiresAt,
    }));
  }

  /** The recipient has acknowledged, or the delivery is given up. */
  settle(key: DeliveryKey): void {
    this.#sql.exec(SETTLE, key.index, key.recipient, key.kind);
  }

  /** Counts a failure and tries again at `dueAt`. */
  defer(key: DeliveryKey, dueAt: number): void {
    this.#sql.exec(DEFER, dueAt, key.index, key.recipient, key.kind);
  }

  nextDue(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_DUE))?.[0];
  }

  /** Deletes at most `limit` deliveries that expired by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}

type DeliveryColumns = [
  index: number,
  recipient: ArrayBuffer,
  kind: string,
  body: ArrayBuffer,
  attempt: number,
  expiresAt: number,
];
