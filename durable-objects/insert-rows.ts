/** SqlStorage takes at most 100 bound parameters a statement. */
const MAX_PARAMETERS = 100;

/**
 * The constant statements that insert 1, 2, … rows at once, as many as the parameters allow. A longer batch takes the
 * largest one repeatedly, so every statement text is one that the platform has prepared before.
 */
export function insertStatements(table: string, columns: readonly string[]): readonly string[] {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const largest = Math.floor(MAX_PARAMETERS / columns.length);
  return Array.from({ length: largest }, (_, index) => {
    const rows = Array.from({ length: index + 1 }, () => row).join(', ');
    return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows}`;
  });
}

/** What SqlStorage binds: a view's own bytes, never the whole buffer under it. */
type Binding = SqlStorageValue | Uint8Array;

/** Inserts all rows in as few statements as possible. Run it inside `transactionSync`: it may take several. */
export function insertRows<Row>(
  sql: SqlStorage,
  statements: readonly string[],
  rows: readonly Row[],
  bind: (row: Row) => readonly Binding[],
): void {
  for (let start = 0; start < rows.length; start += statements.length) {
    const chunk = rows.slice(start, start + statements.length);
    sql.exec(statements[chunk.length - 1] as string, ...chunk.flatMap(bind));
  }
}
