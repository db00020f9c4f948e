import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkCluster,
  clusterRules,
  fragileDomains,
  type ClusterConfiguration,
  type ClusterNode,
  type ClusterRule,
} from '../../../core/index.ts';

const apart = (count: number): ClusterNode[] =>
  Array.from({ length: count }, (_, i) => ({ name: `node-${i}`, domain: `domain-${i}` }));

const configure = (
  nodes: readonly ClusterNode[],
  dataShards: number,
  allowsSharedDomains = false,
): ClusterConfiguration => ({ nodes, dataShards, allowsSharedDomains });

/** Rule and suggestion of a refusal; undefined where there is none. */
function refusalOf(configuration: ClusterConfiguration) {
  const checked = checkCluster(configuration);
  return checked.ok ? undefined : checked.error;
}

test('[SC2] of n nodes as many as n−2f may hold data, and one more is refused with that number', () => {
  const most = { 4: 2, 5: 3, 6: 4, 7: 3, 8: 4, 9: 5, 10: 4, 13: 5, 16: 6, 64: 22 };
  for (const [n, dataShards] of Object.entries(most)) {
    const nodes = apart(Number(n));
    expect(refusalOf(configure(nodes, 1)), n).toBeUndefined();
    expect(refusalOf(configure(nodes, dataShards)), n).toBeUndefined();
    const names = nodes.map(({ name }) => name);
    for (const wrong of [dataShards + 1, 0, -1, 1.5, NaN, Infinity]) {
      expect(refusalOf(configure(nodes, wrong)), `${wrong} of ${n}`).toEqual({
        code: 'invalid-cluster',
        rule: 'data-shards',
        title: clusterRules['data-shards'],
        nodes: [],
        suggestion: { nodes: names, nodesToAdd: 0, dataShards },
      });
    }
  }
});

test('[SC1, SC3] each broken rule is named, with the nodes that break it', () => {
  const six = apart(6);
  const cases: [ClusterConfiguration, ClusterRule, string[]][] = [
    [configure([], 1), 'too-few-nodes', []],
    [configure(apart(3), 1), 'too-few-nodes', []],
    [configure(apart(65), 4), 'too-many-nodes', []],
    [configure(six.with(4, six[1]!), 4), 'same-name', ['node-1', 'node-1']],
    [configure(six.with(4, { ...six[4]!, domain: 'domain-1' }), 4), 'shared-domain', ['node-1', 'node-4']],
    [configure(six.with(2, { name: 'n 2', domain: 'x' }), 4), 'node-name', ['n 2']],
    [configure(six.with(2, { name: 'n2', domain: '' }), 4), 'node-name', ['n2']],
    [configure(six.with(2, { name: 'n'.repeat(65), domain: 'x' }), 4), 'node-name', ['n'.repeat(65)]],
  ];
  for (const [configuration, rule, nodes] of cases) {
    expect(refusalOf(configuration)).toMatchObject({ rule, nodes, title: clusterRules[rule] });
  }
});

test('[SC3] nodes of one domain are taken where the configuration allows it, and named where they are past the bound', () => {
  const nodes = apart(7).map((node, i) => ({ ...node, domain: i < 3 ? 'account' : node.domain }));
  expect(refusalOf(configure(nodes, 3))).toMatchObject({
    rule: 'shared-domain',
    suggestion: { nodes: ['node-0', 'node-3', 'node-4', 'node-5', 'node-6'], nodesToAdd: 0, dataShards: 3 },
  });
  const checked = checkCluster(configure(nodes, 3, true));
  expect(checked.ok && fragileDomains(checked.value)).toEqual(['account']);
  const pair = checkCluster(configure(nodes.slice(1), 3, true));
  expect(pair.ok && fragileDomains(pair.value)).toEqual(['account']);
  const lone = checkCluster(configure(nodes.slice(2), 3, true));
  expect(lone.ok && fragileDomains(lone.value)).toEqual([]);
});

test('[SC3] what is suggested is valid, whatever was asked for', () => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', '', 'a b'),
    fc.string({ maxLength: 3 }),
    fc.uuid(),
  );
  const node = fc.record({ name, domain: name });
  const configuration = fc.record({
    nodes: fc.oneof(fc.array(node, { maxLength: 12 }), fc.array(node, { minLength: 60, maxLength: 90 })),
    dataShards: fc.oneof(fc.integer({ min: -1, max: 30 }), fc.double()),
    allowsSharedDomains: fc.boolean(),
  });
  let refusals = 0;
  fc.assert(
    fc.property(configuration, (asked) => {
      const refusal = refusalOf(asked);
      if (refusal === undefined) return;
      refusals++;
      const { nodes, nodesToAdd, dataShards } = refusal.suggestion;
      // Of nodes with one name it is the first that has names at all, and has a domain of its own.
      const kept = keptOf(asked, nodes);
      const added = Array.from({ length: nodesToAdd }, (_, i) => ({ name: `added-${i}`, domain: `added-${i}` }));
      const suggested = { ...asked, nodes: [...kept, ...added], dataShards };
      expect(refusalOf(suggested)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  expect(refusals).toBeGreaterThan(100);
});

/** The nodes that a suggestion names. Each is one of the configuration, with its own domain. */
function keptOf({ nodes, allowsSharedDomains }: ClusterConfiguration, names: readonly string[]): ClusterNode[] {
  const domains = new Set<string>();
  return names.map((name) => {
    const kept = nodes.find((node) => {
      return node.name === name && isText(node.domain) && (allowsSharedDomains || !domains.has(node.domain));
    });
    domains.add(kept!.domain);
    return kept!;
  });
}

function isText(name: string): boolean {
  return /^[!-~]{1,64}$/.test(name);
}
