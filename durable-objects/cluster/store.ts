import { decodeTrusted, encode, placementCodec, type Placement } from '../../core/index.ts';
import type { BlobReport } from '../../relay/index.ts';
import { firstRow } from '../first-row.ts';

/** A node that gave up its slot (`CR5`). */
export interface RetiredNode {
  readonly node: string;
  readonly state: 'draining' | 'drained';
  readonly since: number;
}

const REPORT = `INSERT INTO chains (chain, report, round) VALUES (?, ?, ?)
  ON CONFLICT (chain) DO UPDATE SET report = excluded.report, round = max(round, excluded.round)`;
const BEHIND = `SELECT chain FROM chains WHERE round < ?1 AND (asked_round < ?1 OR asked_at <= ?2)
  ORDER BY round LIMIT ?3`;
const COUNT_BEHIND = 'SELECT count(*) FROM chains WHERE round < ?';
const RETIRE = `INSERT INTO retired (node, state, since) VALUES (?, 'draining', ?)
  ON CONFLICT (node) DO UPDATE SET state = excluded.state, since = excluded.since`;
const NOTE_ORPHAN = 'INSERT OR IGNORE INTO orphans (node, key, found_at) VALUES (?, ?, ?)';
const OLD_ORPHANS = 'SELECT node, key FROM orphans WHERE found_at <= ? ORDER BY found_at LIMIT ?';

/** The tables of the cluster object. They keep and give back rows and decide nothing. */
export class ClusterStore {
  readonly #sql: SqlStorage;

  /** Over migrated storage. */
  constructor(sql: SqlStorage) {
    this.#sql = sql;
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

  /** A node that has a slot again is not retired. */
  reinstate(node: string): void {
    this.#sql.exec('DELETE FROM retired WHERE node = ?', node);
  }

  report(chain: string, report: BlobReport): void {
    this.#sql.exec(REPORT, chain, JSON.stringify(report), report.round);
  }

  *reports(): Generator<BlobReport, void> {
    for (const [report] of this.#sql.exec('SELECT report FROM chains').raw<[string]>()) {
      yield JSON.parse(report) as BlobReport;
    }
  }

  /** Chains that have not gone through this round and were not asked since `askedBefore`. */
  chainsBehind(round: number, askedBefore: number, limit: number): string[] {
    return [...this.#sql.exec(BEHIND, round, askedBefore, limit).raw<[string]>()].map(([chain]) => chain);
  }

  countBehind(round: number): number {
    return firstRow<[number]>(this.#sql.exec(COUNT_BEHIND, round))?.[0] ?? 0;
  }

  asked(chain: string, round: number, now: number): void {
    this.#sql.exec('UPDATE chains SET asked_round = ?, asked_at = ? WHERE chain = ?', round, now, chain);
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
