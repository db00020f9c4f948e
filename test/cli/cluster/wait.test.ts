import { expect, it } from 'vitest';
import { isDrained, isGivenUp } from '../../../cli/cluster/wait.ts';
import type { ClusterStatus, NodeStatus } from '../../../core/index.ts';
import { clusterStatus, nodeStatus } from './cluster-status.ts';

it('[CR6] a dead node is given up once nothing is there alone, and is not drained while it could not delete copies', () => {
  const dead: Partial<NodeStatus> = { state: 'draining', health: 'down', fault: 'unavailable: network', shards: 0 };
  const draining = (node: Partial<NodeStatus> = {}, changes: Partial<ClusterStatus> = {}): ClusterStatus =>
    clusterStatus({ nodes: [nodeStatus('node-0'), nodeStatus('node-1', { ...dead, ...node })], ...changes });
  expect(isGivenUp(draining(), 'node-1')).toBe(true);
  expect(isDrained(draining(), 'node-1')).toBe(false);
  const { scrub } = clusterStatus();
  for (const [why, status] of Object.entries({
    'it answers': draining({ health: 'up', fault: null }),
    'it has shards': draining({ shards: 1 }),
    'blobs are to move': draining({}, { toMove: 1 }),
    'a round goes on': draining({}, { scrub: { ...scrub, finishedAt: null } }),
    'it has a slot': draining({ state: 'active' }),
  }))
    expect(isGivenUp(status, 'node-1'), why).toBe(false);
  expect(isGivenUp(draining(), 'node-0')).toBe(false);
});
