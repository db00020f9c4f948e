import { DAY_MS } from '../../../core/index.ts';

type QueueTable = 'leftovers' | 'outbox' | 'pokes' | 'repairs' | 'tombstones';

/** No queue puts anything off for longer than hours. */
export const FAR_MS = DAY_MS;

/** Has rows come at once that were put off while the clock ran ahead: they would wait until that time comes. */
export function recallFar(sql: SqlStorage, table: QueueTable, now: number): void {
  sql.exec(`UPDATE ${table} SET due_at = ?1 WHERE due_at > ?1 + ${FAR_MS}`, now);
}
