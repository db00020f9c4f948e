import { describe, expect, it } from 'vitest';
import { explainNodeRefusal, undrained, unsettled } from '../../../cli/cluster/refusals.ts';
import { Failure } from '../../../cli/failure.ts';
import { clusterStatus, nodeStatus } from './cluster-status.ts';

const refused = (code: string) => new Failure('failed', code, `${code}: the relay's words`);
const withNode = (name: string, changes: Parameters<typeof nodeStatus>[1]) =>
  clusterStatus({
    backlog: 3,
    nodes: clusterStatus().nodes.map((node) => (node.name === name ? nodeStatus(name, changes) : node)),
  });

describe('[CR5] A node that can not be drained', () => {
  it('is told from those that have a slot', () => {
    expect(
      explainNodeRefusal(refused('no-such-node'), clusterStatus(), { node: 'node-9', isLocal: false }),
    ).toMatchObject({
      code: 'no-such-node',
      message: 'There is no node node-9.',
      hint: 'These have one: node-0, node-1, node-2, node-3',
    });
    const { message } = explainNodeRefusal(refused('no-such-node'), clusterStatus(), {
      node: 'node-4',
      isLocal: false,
    });
    expect(message).toBe('node-4 has no slot: it is spare.');
    const begun = withNode('node-1', { state: 'draining' });
    expect(explainNodeRefusal(refused('no-such-node'), begun, { node: 'node-1', isLocal: false })).toMatchObject({
      message: 'node-1 has no slot: it is draining.',
      hint: 'To wait for it: terachat cluster drain node-1 --wait\n  These have one: node-0, node-2, node-3',
    });
  });

  it('is not replaced by itself or by one that is no spare', () => {
    for (const replacement of ['node-1', 'node-9']) {
      const asked = { node: 'node-1', replacement, isLocal: false };
      expect(explainNodeRefusal(refused('no-spare-node'), clusterStatus(), asked)).toMatchObject({
        message: `${replacement} is no spare.`,
        hint: 'These are: node-4',
      });
    }
  });

  it('needs a spare, and one in a domain of its own', () => {
    const without = clusterStatus({ nodes: clusterStatus().nodes.slice(0, 4) });
    const asked = { node: 'node-1', isLocal: false };
    expect(explainNodeRefusal(refused('no-spare-node'), without, asked)).toMatchObject({
      message: 'There is no spare that could take a slot.',
      hint: 'Configure a node with "spare": true, deploy, and try again.',
    });
    const { hint } = explainNodeRefusal(refused('no-spare-node'), clusterStatus(), asked);
    expect(hint).toContain('domain of its own');
  });

  it('gets a spare by another start where the relay is served from here, besides those that are used up', () => {
    const nodes = [
      ...clusterStatus().nodes.slice(0, 3),
      nodeStatus('node-4'),
      nodeStatus('node-3', { state: 'drained', shards: 0 }),
    ];
    const asked = { node: 'node-1', isLocal: true };
    const { hint } = explainNodeRefusal(refused('no-spare-node'), clusterStatus({ nodes }), asked);
    expect(hint).toMatch(/:\n {2}terachat serve --nodes 4 --data 2 --spares 2\n.*--cluster FILE/);
  });
});

describe('[CR3] A wait that ends without what was waited for', () => {
  it('fails, and names the node that is down or lacks shards, with the command that replaces it', () => {
    const down = withNode('node-2', { health: 'down', fault: 'timeout', missing: 3 });
    const { exit, message, hint } = unsettled(down);
    expect([exit, message]).toEqual(['failed', 'Nothing changes any more, and repair is not done: 3 shards left.']);
    expect(hint).toMatch(/^node-2: Bring it back\..* terachat cluster replace node-2 node-4$/);
    expect(unsettled(withNode('node-3', { missing: 3 })).hint).toContain('replace node-3 node-4');
    const losing = unsettled(withNode('node-3', { health: 'losing', missing: 3 })).hint;
    expect(losing).toMatch(/terachat cluster scrub --wait\. .* terachat cluster replace node-3 node-4$/);
  });

  it('says that a node is still needed', () => {
    const { exit, message } = undrained(withNode('node-2', { state: 'draining', shards: 1 }), 'node-2');
    expect(exit).toBe('failed');
    expect(message).toContain('node-2 is not drained: 1 shard left');
  });
});
