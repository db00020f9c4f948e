import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../core/index.ts';
import { serve } from './relay.ts';
import { Terminal } from './terminal.ts';

const terminal = new Terminal();
const data = ['--data', join(terminal.home, 'relay')];

beforeAll(async () => {
  await serve(terminal, '0', 'relay', '--nodes', '4', '--data', '2');
}, 120_000);
afterAll(() => terminal.close());

async function cluster(...args: string[]): Promise<ClusterStatus> {
  const { code, out, err } = await terminal.here('cluster', ...args, ...data, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as ClusterStatus;
}

describe('terachat cluster', { timeout: 120_000 }, () => {
  it('[CR5] [CR9] [CR10] shows the nodes of the relay that is served from here, reads all, and drains one to a spare', async () => {
    const status = await cluster('status');
    expect(status).toMatchObject({ placement: 1, dataShards: 2, totalShards: 4, lossMargin: 2 });
    expect((await cluster('scrub', '--wait')).scrub).toMatchObject({ round: 1, chainsBehind: 0 });
    const drained = await cluster('replace', 'node-1', 'node-4', '--wait');
    const states = Object.fromEntries(drained.nodes.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ 'node-0': 'active', 'node-1': 'drained', 'node-4': 'active' });
    const { out } = await terminal.here('cluster', 'status', ...data);
    expect(out).toContain('any 2 of 4 shards give a blob back');
    expect(await terminal.refusal('cluster', 'drain', 'node-2', ...data)).toMatchObject({ code: 'no-spare-node' });
  });

  it('[SC3] serves no cluster that breaks a rule, and names one that does not', async () => {
    const refused = await terminal.refusal('serve', '--nodes', '6', '--data', '5');
    expect(refused).toMatchObject({
      code: 'invalid-cluster',
      hint: 'This is valid: terachat serve --nodes 6 --data 4',
    });
  });
});
