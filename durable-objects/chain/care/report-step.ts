import { healthOf, lossMargin, nodesFor } from '../../../core/index.ts';
import { placementOfBlob, type BlobReport, type ClusterNodes } from '../../../relay/index.ts';
import { careState, chainName, isKept, type CarePort } from './care-port.ts';

/** Job step: tells the keeper how this chain's blobs lie. `renew` has the next call see a placement that is newer than the known. */
export async function reportStep(port: CarePort, renew: () => void): Promise<undefined> {
  const cluster = await port.cluster();
  if (cluster === undefined) return undefined;
  const inForce = await port.keeper.report(chainName(port), blobReport(port, cluster));
  if (inForce > cluster.placement.number) renew();
  return undefined;
}

function blobReport(port: CarePort, cluster: ClusterNodes): BlobReport {
  const { store } = port;
  const { repaired, scrubbedBytes, doneRound } = careState(port);
  const { count, bytes, inconsistent, placements } = store.blobs.census();
  return {
    blobs: count,
    bytes,
    placements,
    inconsistent,
    ...damageOf(port, cluster, Object.keys(placements).map(Number)),
    repaired,
    scrubbedBytes,
    leftovers: store.leftovers.count,
    placement: oldestWrittenBy(port, cluster),
    round: doneRound,
  };
}

/** What is on its way by an older placement than the one in force goes where that says, and is a blob there once it is whole. */
function oldestWrittenBy({ store: { uploads, segments, cut } }: CarePort, { placement }: ClusterNodes): number {
  const underway = [uploads.oldestPlacement, segments.intent?.placement, cut?.placement];
  return Math.min(placement.number, ...underway.filter((number) => number !== undefined));
}

/** From the blobs that wait for their repair: all others are whole as far as is known. */
function damageOf(port: CarePort, cluster: ClusterNodes, placements: readonly number[]) {
  const missing: Record<string, number> = {};
  const health = { whole: 0, degraded: 0, 'below-quorum': 0, lost: 0 };
  const margins = placements.map((placement) => {
    const { dataShards, slots } = placementOfBlob(cluster, { placement });
    return slots.length - dataShards;
  });
  let margin = margins.length === 0 ? null : Math.min(...margins);
  for (const id of port.store.repairs.ids()) {
    const row = port.store.blobs.get(id);
    if (!isKept(row, port.clock())) continue;
    const { layout } = row.descriptor;
    const good = layout.totalShards - row.missing.length;
    health[healthOf(layout, good)] += 1;
    margin = Math.min(margin ?? Infinity, lossMargin(layout, good));
    const nodes = nodesFor(placementOfBlob(cluster, row), id);
    for (const shard of row.missing) {
      const node = nodes[shard] as string;
      missing[node] = (missing[node] ?? 0) + 1;
    }
  }
  return { missing, degraded: health.degraded, belowQuorum: health['below-quorum'], lost: health.lost, margin };
}
