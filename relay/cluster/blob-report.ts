import type { BlobTotals, Placement } from '../../core/index.ts';

/** How a chain's blobs lie, as its object counts them (`CR9`). */
export interface BlobReport extends Omit<BlobTotals, 'chains'> {
  /** Blobs by the number of the placement that they lie by. */
  readonly placements: Readonly<Record<number, number>>;
  /** Shards that wait for their repair, by the name of the node that lacks them. */
  readonly missing: Readonly<Record<string, number>>;
  /** The newest placement that the chain knows, or an older one that something is still written by. */
  readonly placement: number;
  /** The newest round of scrubbing that the chain has gone through wholly. */
  readonly round: number;
}

/** All chains together. */
export interface ClusterTotals extends BlobTotals {
  readonly placements: BlobReport['placements'];
  readonly missing: BlobReport['missing'];
}

const NONE: ClusterTotals = {
  chains: 0,
  blobs: 0,
  bytes: 0,
  placements: {},
  missing: {},
  degraded: 0,
  belowQuorum: 0,
  lost: 0,
  inconsistent: 0,
  margin: null,
  repaired: 0,
  scrubbedBytes: 0,
  leftovers: 0,
};

/** Adds up what chains reported. */
export function totalOf(reports: Iterable<BlobReport>): ClusterTotals {
  let total = NONE;
  for (const report of reports) total = addReport(total, report);
  return total;
}

/** Shards that a node holds: one of each blob that lies by a placement with it, less those that it lacks. */
export function shardsOn(node: string, totals: ClusterTotals, placements: readonly Placement[]): number {
  const expected = placements
    .filter(({ slots }) => slots.includes(node))
    .reduce((sum, { number }) => sum + (totals.placements[number] ?? 0), 0);
  return expected - (totals.missing[node] ?? 0);
}

/** Blobs that lie by another placement than the one in force. */
export function blobsToMove({ placements }: Pick<BlobReport, 'placements'>, inForce: number): number {
  const others = Object.entries(placements).filter(([number]) => Number(number) !== inForce);
  return others.reduce((sum, [, count]) => sum + count, 0);
}

/** Shards that wait for their repair. */
export function backlogOf({ missing }: Pick<BlobReport, 'missing'>): number {
  return Object.values(missing).reduce((sum, count) => sum + count, 0);
}

function addReport(total: ClusterTotals, report: BlobReport): ClusterTotals {
  const margins = [total.margin, report.margin].filter((margin) => margin !== null);
  return {
    chains: total.chains + 1,
    blobs: total.blobs + report.blobs,
    bytes: total.bytes + report.bytes,
    placements: addCounts(total.placements, report.placements),
    missing: addCounts(total.missing, report.missing),
    degraded: total.degraded + report.degraded,
    belowQuorum: total.belowQuorum + report.belowQuorum,
    lost: total.lost + report.lost,
    inconsistent: total.inconsistent + report.inconsistent,
    margin: margins.length === 0 ? null : Math.min(...margins),
    repaired: total.repaired + report.repaired,
    scrubbedBytes: total.scrubbedBytes + report.scrubbedBytes,
    leftovers: total.leftovers + report.leftovers,
  };
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
