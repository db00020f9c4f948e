import { and, asc, count, eq, gt, lte, sql, sum } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { blobDescriptor, decodeTrusted, encode, type BlobDescriptor } from '../../../core/index.ts';
import { packShardSet, unpackShardSet } from '../../../relay/index.ts';
import { blobs, uploads } from '../schema.ts';

type StoredRow = typeof blobs.$inferSelect;

/** A blob of this chain: `attachment` is named by readers, `segment` by the rows of the payloads in it. */
export interface BlobRow extends Omit<StoredRow, 'descriptor' | 'missing' | 'writtenBy' | 'evidence'> {
  readonly writtenBy?: number | undefined;
  readonly evidence?: Uint8Array | undefined;
  readonly descriptor: BlobDescriptor;
  /** Shards, rising, that their nodes do not have. */
  readonly missing: readonly number[];
}

/** What `census` counts. */
export interface BlobCensus {
  readonly count: number;
  readonly bytes: number;
  readonly placements: Readonly<Record<number, number>>;
  readonly inconsistent: number;
}

export type BlobKind = BlobRow['kind'];
export type BlobStatus = BlobRow['status'];

/** The blobs that this chain has at the cluster. What is only to be deleted there has a tombstone in place of a row. */
export class BlobStore {
  readonly #db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.#db = db;
  }

  /** An id that is there already throws: ids are of random bytes. */
  add(row: BlobRow): void {
    this.#db
      .insert(blobs)
      .values({ ...row, descriptor: encode(blobDescriptor, row.descriptor), missing: packShardSet(row.missing) })
      .run();
  }

  get(id: Uint8Array): BlobRow | undefined {
    return rowOf(this.#db.select().from(blobs).where(eq(blobs.id, id)).get());
  }

  /** The one of this content that lives longest, of those that have not expired by `now`. */
  find(kind: BlobKind, hash: Uint8Array, now: number): BlobRow | undefined {
    const living = and(eq(blobs.hash, hash), eq(blobs.kind, kind), gt(blobs.expiresAt, now));
    const longest = sql`${blobs.expiresAt} DESC`;
    return rowOf(this.#db.select().from(blobs).where(living).orderBy(longest).limit(1).get());
  }

  /** Whether there is one of this content, expired or not. */
  knows(kind: BlobKind, hash: Uint8Array): boolean {
    const ofContent = and(eq(blobs.hash, hash), eq(blobs.kind, kind));
    return this.#db.select({ id: blobs.id }).from(blobs).where(ofContent).limit(1).get() !== undefined;
  }

  /** Up to `limit` rows by rising id, from the one after `after` on: for whoever goes round all of them. */
  page(after: Uint8Array | undefined, limit: number): BlobRow[] {
    const from = after === undefined ? undefined : gt(blobs.id, after);
    return this.#rows(this.#db.select().from(blobs).where(from).orderBy(asc(blobs.id)).limit(limit).all());
  }

  /** Up to `limit` whose time was up by `now`, the longest gone first. */
  expired(now: number, limit: number): BlobRow[] {
    const query = this.#db.select().from(blobs).where(lte(blobs.expiresAt, now));
    return this.#rows(query.orderBy(asc(blobs.expiresAt)).limit(limit).all());
  }

  nextExpiry(): number | undefined {
    const first = this.#db.select({ at: blobs.expiresAt }).from(blobs).orderBy(asc(blobs.expiresAt)).limit(1).get();
    return first?.at;
  }

  setMissing(id: Uint8Array, missing: readonly number[]): void {
    this.#db
      .update(blobs)
      .set({ missing: packShardSet(missing) })
      .where(eq(blobs.id, id))
      .run();
  }

  /** The shards of the blob lie by another placement from now on. */
  setPlacement(id: Uint8Array, placement: number, missing: readonly number[], writtenBy?: number): void {
    this.#db
      .update(blobs)
      .set({ placement, missing: packShardSet(missing), writtenBy: writtenBy ?? null })
      .where(eq(blobs.id, id))
      .run();
  }

  setStatus(id: Uint8Array, status: BlobStatus, evidence?: Uint8Array): void {
    this.#db
      .update(blobs)
      .set({ status, evidence: evidence ?? null })
      .where(eq(blobs.id, id))
      .run();
  }

  remove(id: Uint8Array): void {
    this.#db.delete(blobs).where(eq(blobs.id, id)).run();
  }

  /** Whether an attachment is on its way in under this id. */
  isUploading(id: Uint8Array): boolean {
    return this.#db.select({ id: uploads.id }).from(uploads).where(eq(uploads.id, id)).get() !== undefined;
  }

  /** Those that are to be there: how many, their bytes, by which placements they lie, and how many nobody can read. */
  census(): BlobCensus {
    const columns = { placement: blobs.placement, count: count(), bytes: sum(blobs.size) };
    const kept = this.#db.select(columns).from(blobs).where(eq(blobs.status, 'kept')).groupBy(blobs.placement).all();
    const broken = this.#db.select({ count: count() }).from(blobs).where(eq(blobs.status, 'inconsistent')).get();
    return {
      count: kept.reduce((all, row) => all + row.count, 0),
      bytes: kept.reduce((all, row) => all + Number(row.bytes ?? 0), 0),
      placements: Object.fromEntries(kept.map((row) => [row.placement, row.count])),
      inconsistent: broken?.count ?? 0,
    };
  }

  /** How many of a kind there are, and their bytes together. */
  usage(kind: BlobKind): { readonly count: number; readonly bytes: number } {
    const columns = { count: count(), bytes: sum(blobs.size) };
    const row = this.#db.select(columns).from(blobs).where(eq(blobs.kind, kind)).get();
    return { count: row?.count ?? 0, bytes: Number(row?.bytes ?? 0) };
  }

  #rows(rows: readonly StoredRow[]): BlobRow[] {
    return rows.map((row) => rowOf(row) as BlobRow);
  }
}

function rowOf(row: StoredRow | undefined): BlobRow | undefined {
  if (row === undefined) return undefined;
  return {
    ...row,
    writtenBy: row.writtenBy ?? undefined,
    evidence: row.evidence ?? undefined,
    descriptor: decodeTrusted(blobDescriptor, row.descriptor),
    missing: unpackShardSet(row.missing),
  };
}
