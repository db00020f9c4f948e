/** What drizzle-kit writes: the order of the migrations, and the SQL of each by its tag. */
export interface Migrations {
  readonly journal: { readonly entries: readonly { readonly tag: string; readonly when: number }[] };
  readonly statements: Readonly<Record<string, string>>;
}

/** drizzle-kit's own table, so that its tools recognise a database. */
const RECORD = `CREATE TABLE IF NOT EXISTS __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`;

/**
 * Brings an object's storage to the newest schema, in one transaction: a migration that throws leaves what was there
 * and names itself. Refuses storage that a newer release has migrated, since this one's statements don't fit it.
 *
 * Synchronous, unlike drizzle's migrator, which also hides the failed statement behind its own rollback.
 */
export function applyMigrations(storage: DurableObjectStorage, migrations: Migrations): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec(RECORD);
    const { last } = sql
      .exec<{ last: number | null }>('SELECT max(created_at) AS last FROM __drizzle_migrations')
      .one();
    const { entries } = migrations.journal;
    if (last !== null && !entries.some(({ when }) => when === last)) {
      throw new Error('The storage of this object belongs to a newer release.');
    }
    for (const { tag, when } of entries) {
      if (last !== null && when <= last) continue;
      applyOne(sql, tag, migrations.statements[tag]);
      sql.exec(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)`, tag, when);
    }
  });
}

function applyOne(sql: SqlStorage, tag: string, text: string | undefined): void {
  if (text === undefined) throw new Error(`Migration ${tag} is in the journal but not in the bundle.`);
  try {
    for (const statement of text.split('--> statement-breakpoint')) sql.exec(statement);
  } catch (cause) {
    throw new Error(`Migration ${tag} failed.`, { cause });
  }
}
