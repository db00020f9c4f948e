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

type Counts = Readonly<Record<string, number>>;

/** All chains together. Counts alone, so that a chain's report can be taken out again when the next one comes. */
export interface ClusterSums extends Omit<BlobTotals, 'margin'> {
  readonly placements: Counts;
  readonly missing: Counts;
  /** Chains by their margin, and by the placement that they said. */
  readonly margins: Counts;
  readonly known: Counts;
}

/** Of no chain. */
export const NO_SUMS: ClusterSums = {
  chains: 0,
  blobs: 0,
  bytes: 0,
  placements: {},
  missing: {},
  degraded: 0,
  belowQuorum: 0,
  lost: 0,
  inconsistent: 0,
  margins: {},
  repaired: 0,
  scrubbedBytes: 0,
  leftovers: 0,
  known: {},
};

/** The sums with a chain's report in place of the one that it sent before. */
export function sumsWith(sums: ClusterSums, report: BlobReport, before?: BlobReport): ClusterSums {
  return addReport(before === undefined ? sums : addReport(sums, before, -1), report, 1);
}

/** As an operator sees them. */
export function totalsOf(sums: ClusterSums): BlobTotals {
  const { placements: _, missing: __, margins, known: ___, ...totals } = sums;
  return { ...totals, margin: leastOf(margins) };
}

/** The oldest placement that a chain may still write by; null where there is no chain. */
export function oldestKnown({ known }: Pick<ClusterSums, 'known'>): number | null {
  return leastOf(known);
}

/** Shards that a node holds: one of each blob that lies by a placement with it, less those that it lacks. */
export function shardsOn(
  node: string,
  totals: Pick<ClusterSums, 'placements' | 'missing'>,
  placements: readonly Placement[],
): number {
  const expected = placements
    .filter(({ slots }) => slots.includes(node))
    .reduce((sum, { number }) => sum + (totals.placements[number] ?? 0), 0);
  return expected - (totals.missing[node] ?? 0);
}

/** Blobs that lie by another placement than the one in force. */
export function blobsToMove({ placements }: Pick<ClusterSums, 'placements'>, inForce: number): number {
  const others = Object.entries(placements).filter(([number]) => Number(number) !== inForce);
  return others.reduce((sum, [, count]) => sum + count, 0);
}

/** Shards that wait for their repair. */
export function backlogOf({ missing }: Pick<ClusterSums, 'missing'>): number {
  return Object.values(missing).reduce((sum, count) => sum + count, 0);
}

/** Once, or with -1 taken out again. */
function addReport(sums: ClusterSums, report: BlobReport, times: 1 | -1): ClusterSums {
  const { margin, placement } = report;
  return {
    chains: sums.chains + times,
    blobs: sums.blobs + times * report.blobs,
    bytes: sums.bytes + times * report.bytes,
    placements: addCounts(sums.placements, report.placements, times),
    missing: addCounts(sums.missing, report.missing, times),
    degraded: sums.degraded + times * report.degraded,
    belowQuorum: sums.belowQuorum + times * report.belowQuorum,
    lost: sums.lost + times * report.lost,
    inconsistent: sums.inconsistent + times * report.inconsistent,
    margins: margin === null ? sums.margins : addCounts(sums.margins, { [margin]: 1 }, times),
    repaired: sums.repaired + times * report.repaired,
    scrubbedBytes: sums.scrubbedBytes + times * report.scrubbedBytes,
    leftovers: sums.leftovers + times * report.leftovers,
    known: addCounts(sums.known, { [placement]: 1 }, times),
  };
}

/** Without those that come to nothing: what stands there is what there is. */
function addCounts(a: Counts, b: Counts, times: 1 | -1): Counts {
  const sum = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) sum.set(name, (sum.get(name) ?? 0) + times * count);
  return Object.fromEntries([...sum].filter(([, count]) => count !== 0));
}

function leastOf(counts: Counts): number | null {
  const found = Object.keys(counts).map(Number);
  return found.length === 0 ? null : Math.min(...found);
}
