import { and, asc, count, eq, gt, isNull } from 'drizzle-orm';
import type { DrizzleSqliteDODatabase } from 'drizzle-orm/durable-sqlite';
import { equalBytes, type SuiteStock } from '../../../core/index.ts';
import type { PoolRemains, PublishedKeyPackage } from '../../../relay/index.ts';
import { countChanges } from '../../count-changes.ts';
import { firstRow } from '../../first-row.ts';
import { keyPackages } from '../schema.ts';

/** What a claim asks for. */
type WantedKeyPackage = Pick<PublishedKeyPackage, 'suite' | 'credentials'>;

const INSERT = `INSERT OR IGNORE INTO key_packages (ref, bytes, suite, credentials, not_after, last_resort)
  VALUES (?, ?, ?, ?, ?, ?)`;
const KNOWS = 'SELECT 1 FROM key_packages WHERE ref = ?';
const RETIRE = `UPDATE key_packages SET claimed_at = ?, bytes = x''
  WHERE last_resort = 1 AND suite = ? AND credentials = ? AND claimed_at IS NULL AND ref <> ?`;
const LIVE = 'SELECT ref FROM key_packages WHERE claimed_at IS NULL';
const RETIRE_ONE = "UPDATE key_packages SET claimed_at = ?, bytes = x'' WHERE ref = ?";
const FORGET = `DELETE FROM key_packages WHERE ref IN
  (SELECT ref FROM key_packages WHERE claimed_at is not null ORDER BY claimed_at DESC LIMIT -1 OFFSET ?)`;
const NEXT_EXPIRY = 'SELECT not_after FROM key_packages ORDER BY not_after LIMIT 1';
const DROP = `DELETE FROM key_packages
  WHERE ref IN (SELECT ref FROM key_packages WHERE not_after <= ? ORDER BY not_after LIMIT ?)`;
const MARK_LAPSED = `INSERT OR IGNORE INTO lapsed_suites (suite)
  SELECT DISTINCT suite FROM key_packages WHERE claimed_at IS NULL AND not_after <= ?`;
const CLEAR_LAPSED = 'DELETE FROM lapsed_suites WHERE suite = ?';
const HAS_OTHERS = 'SELECT 1 FROM key_packages WHERE claimed_at IS NULL AND not_after > ? LIMIT 1';
const HAS_LAPSED = `SELECT 1 FROM lapsed_suites WHERE suite = ?1
  UNION ALL SELECT 1 FROM key_packages WHERE claimed_at IS NULL AND suite = ?1 AND not_after <= ?2 LIMIT 1`;

/** A device's pool: each package goes out once, the last resort as often as the pool is empty. */
export class KeyPackageStore {
  readonly #sql: SqlStorage;
  readonly #db: DrizzleSqliteDODatabase;

  constructor(sql: SqlStorage, db: DrizzleSqliteDODatabase) {
    this.#sql = sql;
    this.#db = db;
  }

  /** Whether the pool has seen this ref, claimed or not, and its package has not lapsed and been forgotten since. */
  knows(ref: Uint8Array): boolean {
    return firstRow(this.#sql.exec(KNOWS, ref)) !== undefined;
  }

  /**
   * A ref that the pool has seen is left as it is: what left the pool never returns. A new last resort of a suite retires
   * the one before. Inside `transactionSync`.
   */
  publish(packages: readonly PublishedKeyPackage[], now: number): void {
    for (const { ref, bytes, suite, credentials, notAfter, lastResort } of packages) {
      this.#sql.exec(INSERT, ref, bytes, suite, credentials, notAfter, lastResort ? 1 : 0);
      if (lastResort && countChanges(this.#sql) === 1) this.#sql.exec(RETIRE, now, suite, credentials, ref);
      this.#sql.exec(CLEAR_LAPSED, suite);
    }
  }

  /** Takes everything but these out of the pool for good, the last resort too. Inside `transactionSync`. */
  retireOthers(kept: readonly PublishedKeyPackage[], now: number): void {
    const live = this.#sql.exec<{ ref: ArrayBuffer }>(LIVE).toArray();
    for (const ref of live.map((row) => new Uint8Array(row.ref))) {
      if (!kept.some((keyPackage) => equalBytes(keyPackage.ref, ref))) this.#sql.exec(RETIRE_ONE, now, ref);
    }
  }

  /**
   * Takes the package of a suite and kind of credential that lapses first, or the last resort where none is left. Synchronous
   * from choice to mark, so two claims never get the same one.
   */
  claim(wanted: WantedKeyPackage, now: number): PublishedKeyPackage | undefined {
    const chosen = this.#candidates(wanted, now, false)[0];
    if (chosen === undefined) return this.#candidates(wanted, now, true)[0];
    const gone = { claimedAt: now, bytes: new Uint8Array() };
    this.#db.update(keyPackages).set(gone).where(eq(keyPackages.ref, chosen.ref)).run();
    return chosen;
  }

  /** What is there beside what a claim of this suite can get. */
  remains(suite: number, now: number): PoolRemains {
    return {
      hasOthers: firstRow(this.#sql.exec(HAS_OTHERS, now)) !== undefined,
      hasLapsed: firstRow(this.#sql.exec(HAS_LAPSED, suite, now)) !== undefined,
    };
  }

  /** One for each suite of which there is anything, ascending. */
  stock(now: number): readonly SuiteStock[] {
    const rows = this.#db
      .select({ suite: keyPackages.suite, lastResort: keyPackages.lastResort, count: count() })
      .from(keyPackages)
      .where(this.#live(now))
      .groupBy(keyPackages.suite, keyPackages.lastResort)
      .orderBy(asc(keyPackages.suite))
      .all();
    return [...new Set(rows.map(({ suite }) => suite))].map((ciphersuite) => {
      const own = rows.filter(({ suite }) => suite === ciphersuite);
      const available = own.find(({ lastResort }) => !lastResort)?.count ?? 0;
      return { ciphersuite, available, lastResort: own.some(({ lastResort }) => lastResort) ? 1 : 0 };
    });
  }

  /** Forgets all but the newest `limit` refs of what left the pool. */
  forget(limit: number): void {
    this.#sql.exec(FORGET, limit);
  }

  nextExpiry(): number | undefined {
    return firstRow<[number]>(this.#sql.exec(NEXT_EXPIRY))?.[0];
  }

  /** Deletes at most `limit` packages that lapsed by `now`, claimed ones too. Returns how many went. */
  dropExpired(now: number, limit: number): number {
    this.#sql.exec(MARK_LAPSED, now);
    this.#sql.exec(DROP, now, limit);
    return countChanges(this.#sql);
  }

  /** The first to lapse of the pool, or the last resort. */
  #candidates(wanted: WantedKeyPackage, now: number, lastResort: boolean): PublishedKeyPackage[] {
    const { notAfter, suite, credentials } = keyPackages;
    const fits = and(
      eq(suite, wanted.suite),
      eq(credentials, wanted.credentials),
      eq(keyPackages.lastResort, lastResort),
    );
    return this.#db
      .select()
      .from(keyPackages)
      .where(and(this.#live(now), fits))
      .orderBy(asc(notAfter))
      .limit(1)
      .all();
  }

  #live(now: number) {
    return and(isNull(keyPackages.claimedAt), gt(keyPackages.notAfter, now));
  }
}
