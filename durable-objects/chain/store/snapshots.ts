import { asc, desc, eq, notInArray } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { concatBytes } from '../../../core/index.ts';
import { snapshotParts, snapshots } from '../schema.ts';

export type Snapshot = typeof snapshots.$inferSelect;

/** Older ones let a start fall back one step where the newest does not match its chain position. */
export const KEPT_SNAPSHOTS = 3;
/** A platform row holds 2 MB at most, which a local one does not enforce. */
export const SNAPSHOT_PART_BYTES = 1_048_576;
/** Twice what the largest state has, that of a group with all its accounts, members and modules (`NA2`, `GR5`, `AR4`). */
export const MAX_SNAPSHOT_BYTES = 8 * SNAPSHOT_PART_BYTES;

/** State at an index: a cache that may vanish at any time, never evidence. */
export class SnapshotStore {
  readonly #db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db;
  }

  /** Keeps the newest `KEPT_SNAPSHOTS`. Returns false for one above `MAX_SNAPSHOT_BYTES`, which is not kept. */
  save({ bytes, ...position }: Snapshot): boolean {
    if (bytes.length > MAX_SNAPSHOT_BYTES) return false;
    const { index } = position;
    this.#db.delete(snapshotParts).where(eq(snapshotParts.index, index)).run();
    const first = { ...position, bytes: bytes.subarray(0, SNAPSHOT_PART_BYTES) };
    this.#db.insert(snapshots).values(first).onConflictDoUpdate({ target: snapshots.index, set: first }).run();
    for (let part = 1; part * SNAPSHOT_PART_BYTES < bytes.length; part++) {
      const start = part * SNAPSHOT_PART_BYTES;
      const rest = { index, part, bytes: bytes.subarray(start, start + SNAPSHOT_PART_BYTES) };
      this.#db.insert(snapshotParts).values(rest).run();
    }
    this.#dropOld();
    return true;
  }

  /** Newest first, each read when it is its turn: the first is mostly good. */
  *list(): Generator<Snapshot> {
    for (const { index } of this.#newest().all()) {
      const first = this.#db.select().from(snapshots).where(eq(snapshots.index, index)).get();
      if (first !== undefined) yield { ...first, bytes: concatBytes(first.bytes, ...this.#partsOf(index)) };
    }
  }

  dropAll(): void {
    this.#db.delete(snapshots).run();
    this.#db.delete(snapshotParts).run();
  }

  #newest() {
    const query = this.#db.select({ index: snapshots.index }).from(snapshots);
    return query.orderBy(desc(snapshots.index)).limit(KEPT_SNAPSHOTS);
  }

  #partsOf(index: number): Uint8Array[] {
    const query = this.#db.select({ bytes: snapshotParts.bytes }).from(snapshotParts);
    const rows = query.where(eq(snapshotParts.index, index)).orderBy(asc(snapshotParts.part)).all();
    return rows.map(({ bytes }) => bytes);
  }

  #dropOld(): void {
    this.#db.delete(snapshots).where(notInArray(snapshots.index, this.#newest())).run();
    this.#db.delete(snapshotParts).where(notInArray(snapshotParts.index, this.#newest())).run();
  }
}
