import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS, equalBytes, faultsBorneBy, useSha256, writeQuorum } from '../../core/index.ts';
import { readBlobRange, removeBlob, writeBlob, type StoredBlob } from '../../relay/index.ts';
import { nodeSha256 } from '../../sdk/node/index.ts';
import { describeStorageNode } from '../contracts/storage-node.ts';
import { kernels } from '../core/erasure/erasure-rounds.ts';
import { FileNode } from '../relay/cluster/file-node.ts';
import { damages, idOfOnePlace, store } from '../relay/cluster/stored-blobs.ts';
import { CHAIN, choicesOf, NodesUnderTest, someBytes } from '../relay/cluster/test-cluster.ts';

/*
 * Every fault that a cluster has to bear, at every place. Thousands of writes and reads, so the nodes are files here, by the contract
 * that buckets, stores and peers keep; a few of each kind go through real buckets in `test/relay/cluster` and `test/durable-objects`.
 */

useSha256(nodeSha256);

const BLOB_BYTES = 700;
const folder = mkdtempSync(join(tmpdir(), 'terachat-faults-'));
const codes = [
  [4, 6],
  [3, 7],
  [5, 9],
  [4, 10],
] as const;
let files = 0;

function openFile(): FileNode {
  return new FileNode(join(folder, `${files++}.sqlite`));
}

function openCluster(dataShards: number, totalShards: number): NodesUnderTest {
  return new NodesUnderTest({ dataShards, totalShards }, { kernel: kernels[0]!, open: openFile });
}

interface Read {
  readonly isWhole: boolean;
  /** Shards that were reported as damaged. */
  readonly damaged: readonly number[];
}

async function read(cluster: NodesUnderTest, blob: StoredBlob, bytes: Uint8Array): Promise<Read> {
  const damaged: number[] = [];
  const range = { start: 0, end: bytes.length };
  const got = await readBlobRange(cluster, blob, range, { damaged: (shard) => void damaged.push(shard) });
  return { isWhole: got.ok && equalBytes(got.value, bytes), damaged };
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeStorageNode('A file', openFile);

describe.each(codes)('%i of %i', (k, n) => {
  const f = faultsBorneBy(n);
  const bytes = someBytes(BLOB_BYTES);

  it('[SC2] [SC5] gives every byte for every choice of f nodes dead at writing and every other f at reading', async () => {
    const cluster = openCluster(k, n);
    const choices = choicesOf(n, f);
    let reads = 0;
    for (const atWriting of choices) {
      cluster.kill(atWriting);
      const { blob, missing } = await store(cluster, bytes, { id: idOfOnePlace(cluster) });
      expect(missing).toHaveLength(f);
      // Choices that share a node leave more shards than two that share none, and each of those is here.
      for (const atReading of choices.filter((choice) => !choice.some((node) => atWriting.includes(node)))) {
        cluster.kill(atReading);
        reads += 1;
        const { isWhole, damaged } = await read(cluster, blob, bytes);
        // `SC12`: of those that are dead nothing is known. Of the missing, which their nodes do not have, it is.
        const isBlamed = damaged.some((shard) => !missing.includes(shard));
        if (!isWhole || isBlamed) expect.fail(`${atWriting.join()} dead, then ${atReading.join()}`);
      }
    }
    expect(reads).toBe(choices.length * choicesOf(n - f, f).length);
  });

  it.each(Object.keys(damages))('[BL5] [SC12] gives every byte with any f shards %s, and says which', async (name) => {
    const cluster = openCluster(k, n);
    const { blob: other } = await store(cluster, someBytes(BLOB_BYTES, 2), { id: idOfOnePlace(cluster) });
    for (const shards of choicesOf(n, f)) {
      const { blob } = await store(cluster, bytes, { id: idOfOnePlace(cluster) });
      for (const shard of shards) await damages[name]!(cluster, blob, shard, other);
      const { isWhole, damaged } = await read(cluster, blob, bytes);
      expect(isWhole, `shards ${shards.join()}`).toBe(true);
      expect(damaged.filter((shard) => !shards.includes(shard))).toEqual([]);
      expect(damaged).toEqual(expect.arrayContaining(shards.filter((shard) => shard < k)));
    }
  });

  it('[BL5] gives every byte with any f shards each damaged in another way', async () => {
    const cluster = openCluster(k, n);
    const ways = Object.values(damages);
    const { blob: other } = await store(cluster, someBytes(BLOB_BYTES, 2));
    for (const [turn] of ways.entries()) {
      for (const shards of choicesOf(n, f)) {
        const { blob } = await store(cluster, bytes);
        const planned = shards.map((shard, i) => ({ shard, way: (turn + i) % ways.length }));
        // What one is swapped with must be there, and being gone is the last way.
        for (const { shard, way } of planned.sort((a, b) => a.way - b.way))
          await ways[way]!(cluster, blob, shard, other);
        expect((await read(cluster, blob, bytes)).isWhole, `shards ${shards.join()}, way ${turn}`).toBe(true);
      }
    }
  });

  it('[SC11] is unavailable with the count that is needed once one more is dead than may be, and back when that one is', async () => {
    const cluster = openCluster(k, n);
    const { blob } = await store(cluster, bytes);
    for (const dead of choicesOf(n, n - k + 1)) {
      cluster.kill(dead);
      const refused = await readBlobRange(cluster, blob, { start: 0, end: bytes.length });
      expect(!refused.ok && refused.error).toEqual({ code: 'unavailable', needed: k, found: k - 1 });
      cluster.kill(dead.slice(1));
      expect((await read(cluster, blob, bytes)).isWhole).toBe(true);
    }
  });

  it('[SC5] [SC10] takes no blob while any f + 1 are dead, says how many it needs, and takes it when they are back', async () => {
    const cluster = openCluster(k, n);
    const blobBytes = bytes.length;
    for (const dead of choicesOf(n, n - writeQuorum({ dataShards: k, totalShards: n }) + 1)) {
      cluster.kill(dead);
      const to = { chain: CHAIN, id: idOfOnePlace(cluster), blobBytes, expiresAt: Date.now() + DAY_MS };
      const refused = await writeBlob(cluster, to, [bytes]);
      expect(!refused.ok && refused.error).toEqual({ code: 'unavailable', needed: k + f, found: k + f - 1 });
      cluster.kill([]);
      expect((await writeBlob(cluster, to, [bytes])).ok).toBe(true);
      for (const node of cluster.nodes) expect(await node.keys()).toHaveLength(1);
      await removeBlob(cluster, { ...to, placement: cluster.placement.number });
    }
  });
});
