import type { ClusterStatus, NodeStatus } from '../../../core/index.ts';

export function nodeStatus(name: string, changes: Partial<NodeStatus> = {}): NodeStatus {
  return {
    name,
    kind: 'r2',
    domain: name,
    state: 'active',
    health: 'up',
    fault: null,
    shards: 3,
    missing: 0,
    ...changes,
  };
}

/** Of three blobs at four nodes, all well, and a spare. */
export function clusterStatus(changes: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    placement: 1,
    dataShards: 2,
    totalShards: 4,
    faultsBorne: 1,
    fragileDomains: [],
    nodes: [
      ...['node-0', 'node-1', 'node-2', 'node-3'].map((name) => nodeStatus(name)),
      nodeStatus('node-4', { state: 'spare', shards: 0 }),
    ],
    blobs: {
      chains: 2,
      blobs: 3,
      bytes: 3_000,
      degraded: 0,
      belowQuorum: 0,
      lost: 0,
      inconsistent: 0,
      margin: 2,
      repaired: 7,
      scrubbedBytes: 9_000,
      leftovers: 0,
    },
    backlog: 0,
    toMove: 0,
    lossMargin: 2,
    scrub: {
      round: 5,
      startedAt: 1_900_000_000_000,
      finishedAt: 1_900_000_060_000,
      chainsBehind: 0,
      chainsSilent: 0,
      silent: [],
    },
    orphans: 0,
    repairBytesPerSecond: 8_388_608,
    ...changes,
  };
}
