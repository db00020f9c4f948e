import { checkCluster, faultsBorneBy, fragileDomains, type ClusterStatus, type NodeStatus } from '../../core/index.ts';
import {
  backlogOf,
  blobsToMove,
  shardsOn,
  stateOf,
  totalOf,
  type ClusterNodes,
  type ClusterState,
  type PlaceableNode,
} from '../../relay/index.ts';
import { within } from '../jobs/index.ts';
import type { Rounds } from './rounds.ts';
import type { ClusterStore } from './store.ts';

export interface StatusSources {
  readonly state: ClusterState;
  readonly store: ClusterStore;
  readonly cluster: ClusterNodes;
  readonly rounds: Rounds;
  readonly repairBytesPerSecond: number;
}

/** An operator who looks is not to wait for a dead node. */
const PROBE_MS = 3_000;

/** How the cluster is: what chains reported, and what each node answers now. */
export async function statusOf(sources: StatusSources): Promise<ClusterStatus> {
  const { state, store, rounds } = sources;
  const { dataShards, number, slots } = state.placement;
  const totals = totalOf(store.reports());
  const { placements: _, missing: __, ...blobs } = totals;
  const { current } = rounds;
  const most = slots.length - dataShards;
  return {
    placement: number,
    dataShards,
    totalShards: slots.length,
    faultsBorne: faultsBorneBy(slots.length),
    fragileDomains: fragileOf(state),
    nodes: await Promise.all(namesOf(state).map((name) => nodeStatus(name, sources, totals))),
    blobs,
    backlog: backlogOf(totals),
    toMove: blobsToMove(totals, number),
    lossMargin: totals.margin ?? most,
    scrub: {
      round: current.number,
      startedAt: current.startedAt,
      finishedAt: current.finishedAt ?? null,
      chainsBehind: rounds.chainsBehind,
    },
    orphans: store.countOrphans(),
    repairBytesPerSecond: sources.repairBytesPerSecond,
  };
}

async function nodeStatus(
  name: string,
  { state, store, cluster }: StatusSources,
  totals: ReturnType<typeof totalOf>,
): Promise<NodeStatus> {
  const configured: (PlaceableNode & { readonly kind?: string }) | undefined = state.configuration.nodes.find(
    (node) => node.name === name,
  );
  const fault = configured === undefined ? null : await faultOf(cluster, name);
  return {
    name,
    kind: configured?.kind ?? null,
    domain: configured?.domain ?? null,
    state: stateOf(state, name),
    health: configured === undefined ? 'unconfigured' : fault === null ? 'up' : 'down',
    fault,
    shards: shardsOn(name, totals, store.placements()),
    missing: totals.missing[name] ?? 0,
  };
}

/** Whether a node lists its objects: it takes no bytes of anybody, and no node lists what it can't reach. */
async function faultOf(cluster: ClusterNodes, name: string): Promise<string | null> {
  const listed = cluster.node(name)?.list({ limit: 1 });
  const page = listed === undefined ? undefined : await within(PROBE_MS, listed);
  if (page === undefined || typeof page === 'symbol') return 'timeout';
  if (page.ok) return null;
  const { error } = page;
  return 'reason' in error ? `${error.code}: ${error.reason}` : error.code;
}

/** Slots in their order, then whoever is configured besides, then those who had a slot. */
function namesOf({ placement, configuration, retired }: ClusterState): string[] {
  return [...new Set([...placement.slots, ...configuration.nodes.map(({ name }) => name), ...retired.keys()])];
}

function fragileOf({ placement, configuration }: ClusterState): readonly string[] {
  const nodes = configuration.nodes.filter(({ name }) => placement.slots.includes(name));
  const cluster = checkCluster({ ...configuration, nodes });
  return cluster.ok ? fragileDomains(cluster.value) : [];
}
