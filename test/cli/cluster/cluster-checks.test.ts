import { expect, it } from 'vitest';
import { checkClusterStatus } from '../../../cli/cluster/cluster-checks.ts';
import { clusterStatus, nodeStatus } from './cluster-status.ts';

it('[CR14] the doctor names a chain that does not get on, and says nothing of chains where all do', () => {
  const { scrub } = clusterStatus();
  const silent = [{ chain: 'A'.repeat(43), since: scrub.startedAt }];
  expect(checkClusterStatus(clusterStatus({ scrub: { ...scrub, chainsSilent: 3, silent } })).at(-1)).toMatchObject({
    name: 'cluster-chains',
    status: 'warn',
    found: `chain ${'A'.repeat(43)} and 2 more has not got on since 2030-03-17 17:46 UTC`,
  });
  expect(checkClusterStatus(clusterStatus()).map(({ name }) => name)).not.toContain('cluster-chains');
});

it('[CR12] the doctor tells a node that is down from one that had lost what was there, and fails past the bound', () => {
  const losing = nodeStatus('node-1', { health: 'losing' });
  const down = nodeStatus('node-2', { health: 'down', fault: 'timeout' });
  expect(checkClusterStatus(clusterStatus({ nodes: [nodeStatus('node-0'), losing] }))[0]).toMatchObject({
    status: 'warn',
    found: 'node-1 is losing',
    todo: expect.stringContaining('terachat cluster scrub --wait') as string,
  });
  expect(checkClusterStatus(clusterStatus({ nodes: [losing, down] }))[0]).toMatchObject({
    status: 'fail',
    found: 'node-1 is losing, node-2 is down (timeout)',
    todo: expect.stringContaining('terachat cluster replace') as string,
  });
});
