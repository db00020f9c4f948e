import { firstRow } from './first-row.ts';

/** Rows that the last INSERT, UPDATE or DELETE touched. A cursor's `rowsWritten` also counts the entries of indexes. */
export function countChanges(sql: SqlStorage): number {
  return firstRow<[number]>(sql.exec('SELECT changes()'))?.[0] ?? 0;
}
