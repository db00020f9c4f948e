/** Everything that an object has stored, to be put back when others have gone on from it. */
export interface Stored {
  readonly tables: readonly Table[];
  readonly values: readonly (readonly [key: string, value: unknown])[];
  readonly alarm: number | null;
}

interface Table {
  readonly name: string;
  readonly rows: readonly (readonly SqlStorageValue[])[];
}

const TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_cf%'`;
const TRIGGERS = `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`;

export async function storedIn(storage: DurableObjectStorage): Promise<Stored> {
  const { sql, kv } = storage;
  const tables = namesOf(sql).map((name) => ({ name, rows: [...sql.exec(`SELECT * FROM "${name}"`).raw()] }));
  return { tables, values: [...kv.list()], alarm: await storage.getAlarm() };
}

/** The object must be taken out of memory afterwards, which knows nothing of this. Numbers that are given once stay given. */
export async function putBack(storage: DurableObjectStorage, { tables, values, alarm }: Stored): Promise<void> {
  const { sql, kv } = storage;
  storage.transactionSync(() => {
    // The log refuses to shrink.
    const triggers = sql.exec<{ name: string; sql: string }>(TRIGGERS).toArray();
    for (const { name } of triggers) sql.exec(`DROP TRIGGER "${name}"`);
    for (const name of namesOf(sql)) sql.exec(`DELETE FROM "${name}"`);
    for (const { name, rows } of tables) {
      for (const row of rows) sql.exec(`INSERT INTO "${name}" VALUES (${row.map(() => '?').join()})`, ...row);
    }
    for (const trigger of triggers) sql.exec(trigger.sql);
    for (const [key] of [...kv.list()]) kv.delete(key);
    for (const [key, value] of values) kv.put(key, value);
  });
  await (alarm === null ? storage.deleteAlarm() : storage.setAlarm(alarm));
}

function namesOf(sql: SqlStorage): readonly string[] {
  return sql
    .exec<{ name: string }>(TABLES)
    .toArray()
    .map(({ name }) => name);
}
