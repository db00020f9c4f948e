import { desc, notInArray } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { snapshots } from '../schema.ts';

export type Snapshot = typeof snapshots.$inferSelect;

/** Older ones let a start fall back one step where the newest does not match its chain position. */
export const KEPT_SNAPSHOTS = 3;
/** A platform row holds 2 MB at most, which a local one does not enforce. */
export const MAX_SNAPSHOT_BYTES = 1_048_576;

/** State at an index: a cache that may vanish at any time, never evidence. */
export class SnapshotStore {
  readonly #db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db;
  }

  /** Keeps the newest `KEPT_SNAPSHOTS`. Returns false for one above `MAX_SNAPSHOT_BYTES`, which is not kept. */
  save(snapshot: Snapshot): boolean {
    if (snapshot.bytes.length > MAX_SNAPSHOT_BYTES) return false;
    this.#db.insert(snapshots).values(snapshot).onConflictDoUpdate({ target: snapshots.index, set: snapshot }).run();
    const newest = this.#db.select({ index: snapshots.index }).from(snapshots).orderBy(desc(snapshots.index));
    this.#db
      .delete(snapshots)
      .where(notInArray(snapshots.index, newest.limit(KEPT_SNAPSHOTS)))
      .run();
    return true;
  }

  /** Newest first. */
  list(): Snapshot[] {
    return this.#db.select().from(snapshots).orderBy(desc(snapshots.index)).limit(KEPT_SNAPSHOTS).all();
  }

  dropAll(): void {
    this.#db.delete(snapshots).run();
  }
}
