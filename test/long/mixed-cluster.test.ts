import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Damage } from '../../cli/cluster/damage.ts';
import { equalBytes, type ClusterStatus, type RelayInfo } from '../../core/index.ts';
import { operatorOf, type Group } from '../../sdk/index.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { nodeFolder, readOperatorSeed } from '../../workers/local.ts';
import { S3_CREDENTIALS, S3_PATH } from '../storage/node-cast.ts';
import { buildShardNode, startProvider, Wire } from '../storage/provider.ts';
import { Stage } from '../stories/stage.ts';

const PROVIDERS = [0, 1, 2];
const SECRETS = { PROVIDER_SECRET: S3_CREDENTIALS.secretAccessKey };
/** One more than a row, so that shards are several objects. */
const BYTES = 3_500_000;

let scratch: string;
let stage: Stage;
let text: string;
let damage: Damage;
let hers: Group;
const providers: Miniflare[] = [];
const s3: Wire[] = [];
const peers: Wire[] = [];

const placed = (name: string) => ({ name, domain: name });

/** Four buckets of this machine, and of each of three providers a bucket by S3 and a shard node: any 4 of 10, and 3 may fail. */
function configuration(): string {
  const { accessKeyId } = S3_CREDENTIALS;
  return JSON.stringify({
    dataShards: 4,
    nodes: [
      ...[0, 1, 2, 3].map((i) => ({ ...placed(`r2-${i}`), kind: 'r2', binding: `NODE_${i}` })),
      ...s3.map((wire, i) => ({
        ...placed(`s3-${i}`),
        kind: 's3',
        endpoint: wire.url + S3_PATH,
        bucket: `bucket-${i}`,
        region: 'auto',
        accessKeyId,
        secretAccessKey: 'PROVIDER_SECRET',
      })),
      ...peers.map((wire, i) => ({ ...placed(`peer-${i}`), kind: 'peer', origin: wire.url })),
    ],
  });
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'terachat-mixed-'));
  for (const wires of [s3, peers]) for (const _ of PROVIDERS) wires.push(await Wire.lay());
  text = configuration();
  stage = await Stage.set({ cluster: { text }, environment: SECRETS });
  // What the operators of the shard nodes are told, and list.
  const { nodeKey = '' } = (await (await fetch(`${stage.relay.url}/v1/relay`)).json()) as RelayInfo;
  const shardNode = await buildShardNode(join(scratch, 'worker'));
  for (const i of PROVIDERS) {
    const folder = join(scratch, `provider-${i}`);
    providers.push(await startProvider({ folder, shardNode, relays: nodeKey, bucket: `bucket-${i}` }));
  }
  await connectProviders(PROVIDERS);
  damage = new Damage(join(scratch, 'kept'), (node) => nodeFolder(stage.relay.folder, node));
  const alice = await stage.person();
  hers = await alice.createGroup();
});

afterAll(async () => {
  await stage.strike();
  for (const wire of [...s3, ...peers]) wire.close();
  for (const provider of providers) await provider.dispose();
  rmSync(scratch, { recursive: true, force: true });
});

async function connectProviders(which: readonly number[]): Promise<void> {
  for (const i of which) {
    s3[i]!.target = Number((await providers[i]!.ready).port);
    peers[i]!.target = Number((await providers[i]!.unsafeGetDirectURL()).port);
  }
}

/** One of each kind. */
function kill(index: number): void {
  damage.kill(`r2-${index}`);
  s3[index]!.cut();
  peers[index]!.cut();
}

async function revive(index: number): Promise<void> {
  damage.restore();
  await connectProviders([index]);
}

function someBytes(seed: number): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, i) => Math.imul(i + seed, 2_654_435_761) >>> 22);
}

async function ask(method: string, path: string): Promise<ClusterStatus> {
  const seed = new Uint8Array(readOperatorSeed(stage.relay.folder)!);
  const answer = await operatorOf(stage.relay.url, seed, nodePlatform()).request(method, path);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as ClusterStatus;
}

async function scrubbed(): Promise<ClusterStatus> {
  await ask('POST', '/v1/cluster/scrub');
  for (;;) {
    const status = await ask('GET', '/v1/cluster');
    if (status.scrub.finishedAt !== null && status.backlog === 0) return status;
    await sleep(200);
  }
}

describe('a cluster of buckets, S3 stores and peers', () => {
  it('[SC5] [SC11] [SC13] takes and gives an attachment with one of each kind down, others than at writing', async () => {
    kill(0);
    const bytes = someBytes(1);
    const { attachment } = await hers.blobs.put(bytes, { name: 'harbour' });
    await revive(0);
    kill(1);
    expect(equalBytes(await hers.blobs.get(attachment), bytes)).toBe(true);
    const { nodes } = await ask('GET', '/v1/cluster');
    const down = nodes.filter(({ health }) => health === 'down').map(({ name }) => name);
    expect(down.sort()).toEqual(['peer-1', 'r2-1', 's3-1']);
    await revive(1);
    const status = await scrubbed();
    expect(status).toMatchObject({ faultsBorne: 3, lossMargin: 6, blobs: { lost: 0, degraded: 0 } });
    expect(status.blobs.repaired).toBeGreaterThanOrEqual(3);
    kill(2);
    expect(equalBytes(await hers.blobs.get(attachment), bytes)).toBe(true);
    await revive(2);
  });

  it('[SC13] is the folder’s at the next start, takes its secrets from the environment, and keeps them nowhere', async () => {
    const bytes = someBytes(2);
    const { attachment } = await hers.blobs.put(bytes, { name: 'lantern' });
    await expect(stage.restartRelay({ environment: {} })).rejects.toMatchObject({
      problem: { code: 'invalid-cluster', title: expect.stringContaining('PROVIDER_SECRET') as string },
    });
    await stage.restartRelay({ environment: SECRETS });
    expect(equalBytes(await hers.blobs.get(attachment), bytes)).toBe(true);
    const kept = readFileSync(join(stage.relay.folder, 'cluster.json'), 'utf8');
    expect(kept).toBe(text);
    expect(kept).not.toContain(S3_CREDENTIALS.secretAccessKey);
  });
});
