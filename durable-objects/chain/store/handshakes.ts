import { and, desc, eq, isNull, lt, sql, type SQL } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { MAX_HANDSHAKE_BYTES } from '../../../core/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { handshakes } from '../schema.ts';

export type Handshake = typeof handshakes.$inferSelect;
export type HandshakeKind = Handshake['kind'];

const READ = 'SELECT bytes FROM handshakes WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)';
const READ_PROPOSAL = `${READ} AND kind = 'proposal'`;
const READ_TREE = `SELECT bytes, epoch FROM handshakes
  WHERE hash = ? AND kind IN ('tree', 'joiners-tree') AND (expires_at IS NULL OR expires_at > ?)`;
const NEXT_EXPIRY = 'SELECT expires_at FROM handshakes WHERE expires_at IS NOT NULL ORDER BY expires_at LIMIT 1';
const DROP = `DELETE FROM handshakes
  WHERE hash IN (SELECT hash FROM handshakes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`;

/** MLS handshake bytes by their hash. What is in force has no expiry; what has one is not given out after it. */
export class HandshakeStore {
  readonly #sql: SqlStorage;
  readonly #db: DrizzleSqliteDODatabase;

  constructor(sql: SqlStorage, db: DrizzleSqliteDODatabase) {
    this.#sql = sql;
    this.#db = db;
  }

  /**
   * Keeps bytes. The same bytes again, as a tree that a commit did not change, move to the newer epoch and the later
   * expiry. Throws above `MAX_HANDSHAKE_BYTES`: the relay refuses such a bundle before it decides on it.
   */
  put(handshake: Handshake): void {
    // A platform row holds 2 MB at most, which a local one does not enforce.
    if (handshake.bytes.length > MAX_HANDSHAKE_BYTES) throw new RangeError('A handshake exceeds its row.');
    this.#db
      .insert(handshakes)
      .values(handshake)
      .onConflictDoUpdate({
        target: handshakes.hash,
        // max() of SQLite is null where either is: in force wins.
        set: { epoch: sql`max(epoch, excluded.epoch)`, expiresAt: sql`max(expires_at, excluded.expires_at)` },
      })
      .run();
  }

  read(hash: Uint8Array, now: number): Uint8Array | undefined {
    const row = firstRow<[ArrayBuffer]>(this.#sql.exec(READ, hash, now));
    return row && new Uint8Array(row[0]);
  }

  readProposal(hash: Uint8Array, now: number): Uint8Array | undefined {
    const row = firstRow<[ArrayBuffer]>(this.#sql.exec(READ_PROPOSAL, hash, now));
    return row && new Uint8Array(row[0]);
  }

  /** A ratchet tree by its tree hash. */
  readTree(treeHash: Uint8Array, now: number): { readonly bytes: Uint8Array; readonly epoch: number } | undefined {
    const row = firstRow<[ArrayBuffer, number]>(this.#sql.exec(READ_TREE, treeHash, now));
    return row && { bytes: new Uint8Array(row[0]), epoch: row[1] };
  }

  /** The newest of its kind that is in force. */
  newestInForce(kind: HandshakeKind): Handshake | undefined {
    const inForce = and(eq(handshakes.kind, kind), isNull(handshakes.expiresAt));
    return this.#db.select().from(handshakes).where(inForce).orderBy(desc(handshakes.epoch)).limit(1).get();
  }

  /** Everything of a kind and epoch that is in force, such as the proposals that a commit may refer to, as it came. */
  inForceAt(kind: HandshakeKind, epoch: number): Handshake[] {
    return this.#select(and(isAt(kind, epoch), isNull(handshakes.expiresAt)));
  }

  /** The same, with what is retired and still there. */
  ofEpoch(kind: HandshakeKind, epoch: number): Handshake[] {
    return this.#select(isAt(kind, epoch));
  }

  #select(condition: SQL | undefined): Handshake[] {
    return this.#db
      .select()
      .from(handshakes)
      .where(condition)
      .orderBy(sql`rowid`)
      .all();
  }

  /** Puts the tree in force in the place of damaged bytes, or of none: then nobody knows any more whether it lets somebody in. */
  mendTree({ hash, bytes, epoch }: Pick<Handshake, 'hash' | 'bytes' | 'epoch'>): void {
    this.#db
      .insert(handshakes)
      .values({ hash, bytes, epoch, kind: 'joiners-tree', expiresAt: null })
      .onConflictDoUpdate({ target: handshakes.hash, set: { bytes, epoch, expiresAt: null } })
      .run();
  }

  /** Gives what is in force of a kind and below `epoch` an expiry. */
  retire(kind: HandshakeKind, epoch: number, expiresAt: number): void {
    const superseded = and(eq(handshakes.kind, kind), lt(handshakes.epoch, epoch), isNull(handshakes.expiresAt));
    this.#db.update(handshakes).set({ expiresAt }).where(superseded).run();
  }

  /** Deletes what is of a kind and below `epoch`. */
  drop(kind: HandshakeKind, epoch: number): void {
    this.#db
      .delete(handshakes)
      .where(and(eq(handshakes.kind, kind), lt(handshakes.epoch, epoch)))
      .run();
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** Deletes at most `limit` rows that expired by `now`. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }
}

function isAt(kind: HandshakeKind, epoch: number): SQL | undefined {
  return and(eq(handshakes.kind, kind), eq(handshakes.epoch, epoch));
}
