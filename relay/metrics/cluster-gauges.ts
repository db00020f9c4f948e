import type { ClusterStatus, NodeStatus } from '../../core/index.ts';
import type { Gauge } from './open-metrics.ts';

/** How the cluster is, as gauges: labels are names of nodes, which the configuration lists (`OP2`). */
export function clusterGauges(status: ClusterStatus): readonly Gauge[] {
  const { blobs, backlog, lossMargin, toMove, orphans, scrub, nodes } = status;
  const slotted = nodes.filter(({ state }) => state !== 'drained');
  const finishedAt = scrub.finishedAt ?? 0;
  return [
    ofNodes(slotted, 'node_up', 'Whether the node answers, and has what it was given.', ({ health }) =>
      health === 'up' ? 1 : 0,
    ),
    ofNodes(slotted, 'node_missing_shards', 'Shards that the node should have and has not.', ({ missing }) => missing),
    one('faults_borne', 'Nodes that may fail at a time.', status.faultsBorne),
    one('loss_margin', 'How many more shards the worst blob can lose; below 0 it can not be read.', lossMargin),
    one('backlog_shards', 'Shards that wait for repair.', backlog),
    one('repaired_shards', 'Shards that were made anew, of blobs that are there.', blobs.repaired),
    one('blobs', 'Blobs in the cluster, as chains last reported.', blobs.blobs),
    one('bytes', 'Bytes of these, before they were cut.', blobs.bytes),
    one('degraded_blobs', 'Blobs of which shards are missing.', blobs.degraded),
    one('below_quorum_blobs', 'Blobs that would not bear as many faults as the cluster should.', blobs.belowQuorum),
    one('lost_blobs', 'Blobs that can not be read until nodes come back.', blobs.lost),
    one('inconsistent_blobs', 'Blobs that were written so that nobody can read them.', blobs.inconsistent),
    one('moving_blobs', 'Blobs that lie by an older placement.', toMove),
    one('orphans', 'Objects of no blob, deleted after a day.', orphans),
    one('chains_behind', 'Chains that the round of scrubbing has still to reach.', scrub.chainsBehind),
    one('silent_chains', 'Chains that have not got on in a round for two hours.', scrub.chainsSilent),
    one('scrub_finished_timestamp_seconds', 'When the last round ended; 0 while one goes on.', finishedAt / 1_000),
  ];
}

function one(name: string, help: string, value: number): Gauge {
  return { name: `terachat_cluster_${name}`, help, samples: [{ labels: {}, value }] };
}

function ofNodes(
  nodes: readonly NodeStatus[],
  name: string,
  help: string,
  valueOf: (node: NodeStatus) => number,
): Gauge {
  const samples = nodes.map((node) => ({ labels: { node: node.name }, value: valueOf(node) }));
  return { name: `terachat_cluster_${name}`, help, samples };
}
