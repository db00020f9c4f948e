/** SqlStorage takes at most 100 bound parameters a statement. */
const MAX_PARAMETERS = 100;

/** `select` followed by a list of 1, 2, … parameters: constant statements, which the platform prepares once each. */
export function listStatements(select: string): readonly string[] {
  return Array.from(
    { length: MAX_PARAMETERS },
    (_, index) =>
      `${select} (${Array(index + 1)
        .fill('?')
        .join(', ')})`,
  );
}

/** The rows of all values, in as few statements as possible. */
export function selectFromList<Columns extends SqlStorageValue[]>(
  sql: SqlStorage,
  statements: readonly string[],
  values: readonly Uint8Array[],
): Columns[] {
  const rows: Columns[] = [];
  for (let start = 0; start < values.length; start += statements.length) {
    const chunk = values.slice(start, start + statements.length);
    rows.push(...sql.exec(statements[chunk.length - 1] as string, ...chunk).raw<Columns>());
  }
  return rows;
}
