import { checkCluster, faultsBorneBy, fragileDomains, type ClusterStatus, type NodeStatus } from '../../core/index.ts';
import {
  backlogOf,
  blobsToMove,
  shardsOn,
  stateOf,
  totalsOf,
  type ClusterState,
  type ClusterSums,
  type PlaceableNode,
} from '../../relay/index.ts';
import type { NodeWatch } from './node-watch.ts';
import type { Rounds } from './rounds.ts';
import type { ClusterStore } from './store.ts';

export interface StatusSources {
  readonly state: ClusterState;
  readonly store: ClusterStore;
  readonly rounds: Rounds;
  readonly watch: NodeWatch;
  readonly now: number;
  /** Nodes that could not be used when they were looked at, and why. */
  readonly faults: ReadonlyMap<string, string>;
  readonly repairBytesPerSecond: number;
}

/** How the cluster is: what chains reported, and what looking at each node found. */
export function statusOf(sources: StatusSources): ClusterStatus {
  const { state, store, rounds, now } = sources;
  const { dataShards, number, slots } = state.placement;
  const { sums } = store;
  const blobs = totalsOf(sums);
  const { current } = rounds;
  const most = slots.length - dataShards;
  return {
    placement: number,
    dataShards,
    totalShards: slots.length,
    faultsBorne: faultsBorneBy(slots.length),
    fragileDomains: fragileOf(state),
    nodes: namesOf(state).map((name) => nodeStatus(name, sources, sums)),
    blobs,
    backlog: backlogOf(sums),
    toMove: blobsToMove(sums, number),
    lossMargin: blobs.margin ?? most,
    scrub: {
      round: current.number,
      startedAt: current.startedAt,
      finishedAt: current.finishedAt ?? null,
      chainsBehind: rounds.chainsBehind,
      chainsSilent: rounds.countSilent(now),
      silent: rounds.silent(now),
    },
    orphans: store.countOrphans(),
    repairBytesPerSecond: sources.repairBytesPerSecond,
  };
}

function nodeStatus(name: string, sources: StatusSources, sums: ClusterSums): NodeStatus {
  const { state, store, faults } = sources;
  const configured: (PlaceableNode & { readonly kind?: string }) | undefined = state.configuration.nodes.find(
    (node) => node.name === name,
  );
  return {
    name,
    kind: configured?.kind ?? null,
    domain: configured?.domain ?? null,
    state: stateOf(state, name),
    health: configured === undefined ? 'unconfigured' : healthOf(name, sources),
    fault: faults.get(name) ?? null,
    shards: shardsOn(name, sums, store.placements()),
    missing: sums.missing[name] ?? 0,
  };
}

function healthOf(name: string, { faults, watch }: StatusSources): NodeStatus['health'] {
  if (faults.has(name)) return 'down';
  return watch.isLosing(name) ? 'losing' : 'up';
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
