import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { clusterOf, openedNodes, type RelayEnvironment } from '../../durable-objects/index.ts';

const relay = env as unknown as RelayEnvironment;

it('[SC13] opens the six buckets that wrangler.toml names, once, and nothing where there is no cluster or none that can be', async () => {
  const cluster = await clusterOf(relay);
  expect(cluster?.placement).toMatchObject({ number: 1, dataShards: 4 });
  expect(cluster?.placement.slots.map((name) => cluster.node(name))).not.toContain(undefined);
  expect(openedNodes(relay)).toBe(openedNodes({ ...relay }));
  const { CLUSTER = '', ...without } = relay;
  expect(openedNodes(without)).toBeUndefined();
  expect(openedNodes({ ...relay, CLUSTER: CLUSTER.replace('"dataShards": 4', '"dataShards": 5') })).toBeUndefined();
  expect(openedNodes({ ...relay, CLUSTER: CLUSTER.replace('NODE_5', 'NODE_6') })).toBeUndefined();
});
