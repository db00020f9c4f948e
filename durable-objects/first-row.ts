/** The columns of the first row that a query gives. */
export function firstRow<Columns extends SqlStorageValue[]>(
  cursor: SqlStorageCursor<Record<string, SqlStorageValue>>,
): Columns | undefined {
  for (const row of cursor.raw<Columns>()) return row;
  return undefined;
}
