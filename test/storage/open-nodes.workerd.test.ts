import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { publicKeyOf, signEd25519, type ChainId, type ConfiguredNode } from '../../core/index.ts';
import { openWorkerdKernel } from '../../durable-objects/platform/erasure-kernel.ts';
import { readBlobRange, writeBlob } from '../../relay/index.ts';
import { openNodes, type ClusterSurroundings } from '../../storage/index.ts';
import { RELAY_SEED, S3_BUCKET, S3_CREDENTIALS } from './node-cast.ts';
import { bucket } from './nodes.workerd.ts';

const surroundings: ClusterSurroundings = {
  environment: { A: bucket, B: bucket, C: bucket, D: bucket, SECRET: S3_CREDENTIALS.secretAccessKey },
  clock: () => Date.now(),
  timeoutMs: 60_000,
  signer: { actor: publicKeyOf(RELAY_SEED), sign: (message) => signEd25519(RELAY_SEED, message) },
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  openKernel: openWorkerdKernel,
};

const r2 = (name: string, binding = name.toUpperCase()): ConfiguredNode => ({
  name,
  domain: name,
  kind: 'r2',
  binding,
});

function s3(name: string): ConfiguredNode {
  const { accessKeyId } = S3_CREDENTIALS;
  const address = { endpoint: inject('nodes').s3, bucket: S3_BUCKET, region: 'auto', accessKeyId };
  return { name, domain: name, kind: 's3', ...address, secretAccessKey: 'SECRET' };
}

function peer(name: string): ConfiguredNode {
  return { name, domain: name, kind: 'peer', origin: inject('nodes').peer };
}

const open = (nodes: readonly unknown[], dataShards = 2, others: object = {}) =>
  openNodes(JSON.stringify({ nodes, dataShards, ...others }), surroundings);

describe('the configuration of a cluster', () => {
  it('[SC13] opens nodes of every kind, of which a blob is written and read', async () => {
    const opened = open([r2('a'), s3('b'), peer('c'), r2('d')]);
    if (!opened.ok) throw new Error(opened.error.title);
    const cluster = opened.value.clusterWith();
    const bytes = new Uint8Array(10_000).map((_, index) => index * 7);
    const to = {
      chain: new Uint8Array(32).fill(3) as ChainId,
      id: crypto.getRandomValues(new Uint8Array(16)),
      blobBytes: bytes.length,
      expiresAt: Date.now() + 86_400_000,
    };
    const written = await writeBlob(cluster, to, [bytes]);
    if (!written.ok) throw new Error(JSON.stringify(written.error));
    expect(written.value.missing).toEqual([]);
    const read = await readBlobRange(cluster, { ...to, ...written.value }, { start: 0, end: bytes.length });
    expect(read.ok && read.value).toEqual(bytes);
    expect(opened.value.clusterWith([{ ...cluster.placement, number: 4 }]).placement.number).toBe(4);
  });

  it.each([
    ['{', 'not-json'],
    ['{"nodes":[],"dataShards":"4"}', 'not-json'],
    ['{"nodes":[],"dataShards":4,"allowsSharedDomains":1}', 'not-json'],
    ['{"nodes":[],"dataShards":4}', 'too-few-nodes'],
  ])('[SC13] refuses %s as %s', (text, rule) => {
    const opened = openNodes(text, surroundings);
    expect(!opened.ok && opened.error.rule).toBe(rule);
  });

  it('[SC13] names the nodes that can not be opened, and says what they lack', () => {
    const others = [r2('b'), r2('c'), r2('d')];
    const lacking: readonly unknown[] = [
      r2('a', 'NOWHERE'),
      { ...s3('a'), secretAccessKey: 'NOWHERE' },
      { ...r2('a'), kind: 'disk' },
      { name: 'a', domain: 'a', kind: 's3' },
    ];
    for (const node of lacking) {
      const opened = open([node, ...others]);
      expect(!opened.ok && opened.error).toMatchObject({ code: 'invalid-cluster', rule: 'bad-node', nodes: ['a'] });
    }
    const refused = open([r2('a'), ...others], 3);
    expect(!refused.ok && refused.error).toMatchObject({ rule: 'data-shards', suggestion: { dataShards: 2 } });
  });
});
