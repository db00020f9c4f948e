import { and, asc, count, eq, lte, min, sum } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { packShardSet, unpackShardSet } from '../../../relay/index.ts';
import { uploads } from '../schema.ts';

type StoredRow = typeof uploads.$inferSelect;

/** An attachment on its way in. */
export interface UploadRow extends Omit<StoredRow, 'missing'> {
  readonly missing: readonly number[];
}

export type UploadKey = Pick<UploadRow, 'hash' | 'actor'>;

/** Uploads by what they bring and who brings it. */
export class UploadStore {
  readonly #db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db;
  }

  find(key: UploadKey): UploadRow | undefined {
    const row = this.#db.select().from(uploads).where(isOf(key)).get();
    return row && viewRow(row);
  }

  /** In the place of the one that was there. */
  put(row: UploadRow): void {
    const stored = { ...row, missing: packShardSet(row.missing) };
    this.#db
      .insert(uploads)
      .values(stored)
      .onConflictDoUpdate({ target: [uploads.hash, uploads.actor], set: stored })
      .run();
  }

  remove(key: UploadKey): void {
    this.#db.delete(uploads).where(isOf(key)).run();
  }

  countOf(actor: Uint8Array): number {
    return this.#db.select({ count: count() }).from(uploads).where(eq(uploads.actor, actor)).get()?.count ?? 0;
  }

  /** Of what all uploads become. */
  get totalBytes(): number {
    const row = this.#db
      .select({ bytes: sum(uploads.size) })
      .from(uploads)
      .get();
    return Number(row?.bytes ?? 0);
  }

  /** Number of the oldest placement that one of them is written by. */
  get oldestPlacement(): number | undefined {
    const row = this.#db
      .select({ placement: min(uploads.placement) })
      .from(uploads)
      .get();
    return row?.placement ?? undefined;
  }

  expired(now: number, limit: number): UploadRow[] {
    const query = this.#db.select().from(uploads).where(lte(uploads.expiresAt, now));
    return query.orderBy(asc(uploads.expiresAt)).limit(limit).all().map(viewRow);
  }

  nextExpiry(): number | undefined {
    const columns = { at: uploads.expiresAt };
    return this.#db.select(columns).from(uploads).orderBy(asc(uploads.expiresAt)).limit(1).get()?.at;
  }
}

function isOf({ hash, actor }: UploadKey) {
  return and(eq(uploads.hash, hash), eq(uploads.actor, actor));
}

function viewRow(row: StoredRow): UploadRow {
  return { ...row, missing: unpackShardSet(row.missing) };
}
