import { expect, it } from 'vitest';
import { checkClusterStatus } from '../../../cli/cluster/cluster-checks.ts';
import { clusterStatus, nodeStatus } from './cluster-status.ts';

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
