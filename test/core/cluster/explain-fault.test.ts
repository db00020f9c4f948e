import { expect, test } from 'vitest';
import { clusterRules, explainClusterFault, parseClusterConfiguration } from '../../../core/index.ts';

const node = (name: string, domain = name) => ({ name, domain, kind: 'r2', binding: name.toUpperCase() });

function explain(dataShards: unknown, ...nodes: readonly object[]) {
  const parsed = parseClusterConfiguration(JSON.stringify({ nodes, dataShards }));
  if (parsed.ok) throw new Error('it is valid');
  return explainClusterFault(parsed.error);
}

test('[SC3] a refused cluster is explained by the rule, the nodes that break it, and one that is valid', () => {
  expect(explain(2, node('a', 'x'), node('b', 'x'), node('c'), node('d'))).toEqual({
    found: `${clusterRules['shared-domain']} (a, b)`,
    todo: 'This is valid: dataShards 2 with a, c, d and 1 more, each in a domain of its own',
  });
  expect(explain(4, ...'abcd'.split('').map((name) => node(name)))).toEqual({
    found: clusterRules['data-shards'],
    todo: 'This is valid: dataShards 2 with a, b, c, d',
  });
  expect(explain(1).todo).toBe('This is valid: dataShards 1 with 4 more, each in a domain of its own');
});

test('[SC13] what can not be understood is explained by the rule and the nodes, once each', () => {
  const { found, todo } = explain(2, { ...node('a'), kind: 'ftp' }, node('b'));
  expect(found).toMatch(/^A node has name, domain, .* \(a\)$/);
  expect(todo).toBeUndefined();
});
