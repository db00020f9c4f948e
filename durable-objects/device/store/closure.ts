import { firstRow } from '../../first-row.ts';

const IS_CLOSED = 'SELECT 1 FROM closures LIMIT 1';
const CLOSE = 'INSERT OR IGNORE INTO closures (id) VALUES (0)';
const EMPTIED = ['key_packages', 'lapsed_suites', 'claim_counts', 'mailbox', 'mailbox_tokens', 'tickets'];

/** Whether the device was revoked. That is never undone: its key has no second life in any account. */
export class ClosureStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  isClosed(): boolean {
    return firstRow(this.#storage.sql.exec(IS_CLOSED)) !== undefined;
  }

  /** Forgets what the device published, and what waited for it. */
  close(): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(CLOSE);
      for (const table of EMPTIED) this.#storage.sql.exec(`DELETE FROM ${table}`);
    });
  }
}
