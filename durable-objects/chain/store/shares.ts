/** The shares that may hold readers of this chain, by number from 1. */
export class ShareStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In rising order. */
  list(): number[] {
    return [...this.#sql.exec('SELECT number FROM shares ORDER BY number').raw<[number]>()].map(([number]) => number);
  }

  register(number: number): void {
    this.#sql.exec('INSERT OR IGNORE INTO shares (number) VALUES (?)', number);
  }

  drop(number: number): void {
    this.#sql.exec('DELETE FROM shares WHERE number = ?', number);
  }
}
