import { eq } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { modules } from '../schema.ts';

/** The WebAssembly modules that a registry has published, by their SHA-256. They never expire: an old log is replayed with them. */
export class ModuleStore {
  readonly #db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db;
  }

  /** The same module again throws: a registry publishes one once. */
  put(module: typeof modules.$inferSelect): void {
    this.#db.insert(modules).values(module).run();
  }

  read(hash: Uint8Array): Uint8Array | undefined {
    return this.#db.select().from(modules).where(eq(modules.hash, hash)).get()?.bytes;
  }
}
