import { decodeTrusted, encode, placementCodec, type Placement, type SilentChain } from '../../core/index.ts';
import { NO_SUMS, sumsWith, type BlobReport, type ClusterSums } from '../../relay/index.ts';
import { firstRow } from '../first-row.ts';

/** A node that gave up its slot (`CR5`). */
export interface RetiredNode {
  readonly node: string;
  readonly state: 'draining' | 'drained';
  readonly since: number;
}

const REPORT = `INSERT INTO chains (chain, report, round) VALUES (?1, ?2, ?3)
  ON CONFLICT (chain) DO UPDATE SET silent_since =
    CASE WHEN ?3 > round OR ?2 ->> 'scrubbedBytes' > report ->> 'scrubbedBytes' THEN NULL ELSE silent_since END,
  report = ?2, round = max(round, ?3)`;
/** Those that were asked longest ago first, so that no number of others that say nothing keeps any from its turn. */
const BEHIND = `SELECT chain FROM chains WHERE round < ?1 AND (asked_round < ?1 OR asked_at <= ?2 OR asked_at > ?3)
  ORDER BY asked_at LIMIT ?4`;
const COUNT_BEHIND = 'SELECT count(*) FROM chains WHERE round < ?';
const SILENT = `SELECT chain, silent_since AS since FROM chains WHERE round < ?1 AND silent_since <= ?2
  ORDER BY silent_since, chain LIMIT ?3`;
const COUNT_SILENT = 'SELECT count(*) FROM chains WHERE round < ? AND silent_since <= ?';
/** A time that lies ahead was written by a clock that ran ahead. */
const ASKED = `UPDATE chains SET asked_round = ?1, asked_at = ?2,
  silent_since = CASE WHEN silent_since <= ?2 THEN silent_since ELSE ?2 END WHERE chain = ?3`;
const RETIRE = `INSERT INTO retired (node, state, since) VALUES (?, 'draining', ?)
  ON CONFLICT (node) DO UPDATE SET state = excluded.state, since = excluded.since`;
const NOTE_ORPHAN = 'INSERT OR IGNORE INTO orphans (node, key, found_at) VALUES (?, ?, ?)';
const OLD_ORPHANS = 'SELECT node, key FROM orphans WHERE found_at <= ? ORDER BY found_at LIMIT ?';

const SUMS = 'sums';

/** The tables of the cluster object. They keep and give back rows and decide nothing. */
export class ClusterStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  /** Over migrated storage. */
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** By rising number; the last is in force. */
  placements(): Placement[] {
    const rows = [...this.#sql.exec('SELECT bytes FROM placements ORDER BY number').raw<[ArrayBuffer]>()];
    return rows.map(([bytes]) => decodeTrusted(placementCodec, new Uint8Array(bytes)));
  }

  addPlacement(placement: Placement): void {
    const bytes = encode(placementCodec, placement);
    this.#sql.exec('INSERT INTO placements (number, bytes) VALUES (?, ?)', placement.number, bytes);
  }

  retired(): RetiredNode[] {
    return this.#sql
      .exec<{ node: string; state: 'draining' | 'drained'; since: number }>('SELECT * FROM retired')
      .toArray();
  }

  retire(node: string, since: number): void {
    this.#sql.exec(RETIRE, node, since);
  }

  drained(node: string): void {
    this.#sql.exec(`UPDATE retired SET state = 'drained' WHERE node = ?`, node);
  }

  /** In place of the chain's report before, also in the sums. */
  report(chain: string, report: BlobReport): void {
    this.#storage.transactionSync(() => {
      const before = firstRow<[string]>(this.#sql.exec('SELECT report FROM chains WHERE chain = ?', chain))?.[0];
      const sums = sumsWith(this.sums, report, before === undefined ? undefined : (JSON.parse(before) as BlobReport));
      this.#sql.exec(REPORT, chain, JSON.stringify(report), report.round);
      this.#storage.kv.put(SUMS, sums);
    });
  }

  /** Kept beside the reports, since going through all of them at each look takes too long. Added up where none are kept yet. */
  get sums(): ClusterSums {
    const kept = this.#storage.kv.get<ClusterSums>(SUMS);
    if (kept !== undefined) return kept;
    const reports = this.#sql.exec('SELECT report FROM chains').raw<[string]>();
    let sums = NO_SUMS;
    for (const [report] of reports) sums = sumsWith(sums, JSON.parse(report) as BlobReport);
    return sums;
  }

  /** Chains that have not gone through this round and were not asked since `askedBefore`. */
  chainsBehind(round: number, { askedBefore, now }: { askedBefore: number; now: number }, limit: number): string[] {
    return [...this.#sql.exec(BEHIND, round, askedBefore, now, limit).raw<[string]>()].map(([chain]) => chain);
  }

  countBehind(round: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT_BEHIND, round))?.[0] ?? 0;
  }

  /** Chains behind that have been asked and have not got on since `before`, the longest silent first. */
  silent(round: number, before: number, limit: number): SilentChain[] {
    return this.#sql.exec<{ chain: string; since: number }>(SILENT, round, before, limit).toArray();
  }

  countSilent(round: number, before: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT_SILENT, round, before))?.[0] ?? 0;
  }

  asked(chain: string, round: number, now: number): void {
    this.#sql.exec(ASKED, round, now, chain);
  }

  noteOrphan(node: string, key: string, now: number): void {
    this.#sql.exec(NOTE_ORPHAN, node, key, now);
  }

  /** Orphans that were found by `foundBy`, oldest first. */
  orphansSince(foundBy: number, limit: number): { readonly node: string; readonly key: string }[] {
    return this.#sql.exec<{ node: string; key: string }>(OLD_ORPHANS, foundBy, limit).toArray();
  }

  /** Deleted, known after all, or on a node that is gone. */
  forgetOrphan(node: string, key: string): void {
    this.#sql.exec('DELETE FROM orphans WHERE node = ? AND key = ?', node, key);
  }

  /** Its node did not say that it deleted it: it counts as found now, and is asked about again. */
  postponeOrphan(node: string, key: string, now: number): void {
    this.#sql.exec('UPDATE orphans SET found_at = ? WHERE node = ? AND key = ?', now, node, key);
  }

  /** Of one node, or of all. */
  countOrphans(node?: string): number {
    const [where, bindings] = node === undefined ? ['', []] : ['WHERE node = ?', [node]];
    return firstRow<[number]>(this.#sql.exec(`SELECT count(*) FROM orphans ${where}`, ...bindings))?.[0] ?? 0;
  }

  oldestOrphan(): number | undefined {
    return firstRow<[number | null]>(this.#sql.exec('SELECT min(found_at) FROM orphans'))?.[0] ?? undefined;
  }
}
