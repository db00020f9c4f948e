import { expect, it } from 'vitest';
import { viewProgress, viewStatus } from '../../../cli/cluster/status-view.ts';
import { clusterStatus, nodeStatus } from './cluster-status.ts';

const { scrub, blobs } = clusterStatus();
const CHAIN = 'A'.repeat(43);

it('[CR9] [CR12] [CR14] a cluster is shown node by node and at 80 columns, with what is lost and what is under way', () => {
  const down = nodeStatus('node-1', { health: 'down', fault: 'timeout', missing: 3 });
  const text = viewStatus(
    clusterStatus({
      nodes: [nodeStatus('node-0', { health: 'losing' }), down],
      backlog: 3,
      lossMargin: -1,
      toMove: 2,
      blobs: { ...blobs, chains: 1, lost: 1 },
      scrub: { ...scrub, chainsSilent: 5, silent: [CHAIN, CHAIN].map((chain) => ({ chain, since: scrub.startedAt })) },
    }),
    80,
  );
  expect(text).toMatch(/node-1 +active +down \(timeout\) +3 +3 +node-1/);
  expect(text).toMatch(/node-0 +active +losing +3 +0 +node-0/);
  expect(text).toContain('node-0: It answers, and what was there is gone.');
  expect(text).toContain('3 of 1 chain,');
  expect(text).toMatch(/loss margin +passed/);
  expect(text).toMatch(/lost +1 blobs? can't be read/);
  expect(text).toMatch(
    new RegExp(
      `silent +5 chains not getting on, of which these for longest(\\n +${CHAIN} since 2030-03-17 17:46 UTC){2}\\n`,
    ),
  );
  expect(text).toMatch(/round 5 ended 2030-03-17 17:47 UTC/);
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

it('[CR9] a node that is down is shown with what to do, by what it is and what it answered', () => {
  const shown = (changes: Parameters<typeof nodeStatus>[1]): string =>
    viewStatus(clusterStatus({ nodes: [nodeStatus('node-0', { health: 'down', ...changes })] }));
  expect(shown({ kind: 's3', fault: 'refused: not-allowed' })).toMatch(/node-0: .*bucket.*secret/);
  expect(shown({ kind: 'peer', fault: 'refused: not-allowed' })).toMatch(/node-0: .*RELAYS.*nodeKey/);
  expect(shown({ kind: 'peer', fault: 'unavailable: bad-answer' })).toContain('node-0: Something else answers');
  expect(shown({ kind: 'peer', fault: 'unavailable: network' })).toContain('cluster replace node-0 SPARE');
  expect(shown({ state: 'draining', fault: 'timeout' })).not.toContain('node-0: ');
  expect(shown({ fault: 'timeout' })).toMatch(/loss margin .*, when it was read last$/m);
  const empty = viewStatus(clusterStatus({ blobs: { ...blobs, blobs: 0 } }));
  expect(empty).toMatch(/loss margin +2 more shards of a whole blob; there is none yet$/m);
});

it('[CR1] how far a round is fits one line', () => {
  const reading = clusterStatus({ scrub: { ...scrub, finishedAt: null, chainsBehind: 1 }, backlog: 4, toMove: 2 });
  expect(viewProgress(reading)).toBe('round 5: reading, 1 of 2 chains read, 4 shards to repair, 2 blobs to move');
  expect(viewProgress(clusterStatus({ backlog: 1 }))).toBe('round 5: all read, 1 shard to repair');
  const drainingWith = (shards: number): string =>
    viewProgress(clusterStatus({ nodes: [nodeStatus('node-0'), nodeStatus('node-1', { state: 'draining', shards })] }));
  expect(drainingWith(0)).toBe('round 5: all read, 0 shards to repair, waits for uploads');
  expect(drainingWith(1)).toBe('round 5: all read, 0 shards to repair');
});
