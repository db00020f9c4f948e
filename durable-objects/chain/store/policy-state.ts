import { sha256, equalBytes } from '../../../core/index.ts';
import type { KeptPolicyState } from '../../../relay/index.ts';
import { firstRow } from '../../first-row.ts';

const KEEP = 'INSERT OR REPLACE INTO policy_state (id, idx, state, digest) VALUES (0, ?, ?, ?)';
const READ = 'SELECT idx, state, digest FROM policy_state WHERE id = 0';

/** What the chain's policy has left, beside the entries that no longer say it. */
export class PolicyStateStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction of the entries that the policy let in. */
  keep({ index, state, digest }: KeptPolicyState): void {
    this.#sql.exec(KEEP, index, state, digest);
  }

  /** Undefined where nothing is kept, or it is damaged. */
  read(): KeptPolicyState | undefined {
    const row = firstRow<[number, ArrayBuffer, ArrayBuffer]>(this.#sql.exec(READ));
    if (row === undefined) return undefined;
    const [index, state, digest] = [row[0], new Uint8Array(row[1]), new Uint8Array(row[2])];
    return equalBytes(sha256(state), digest) ? { index, state, digest } : undefined;
  }
}
