import { DAY_MS } from '../../core/index.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { ShardSource } from './shard-source.ts';
import type { StoredBlob } from './stored-blob.ts';
import { cellOf, windowsOf } from './stripe-window.ts';

/** From the end of a round, in which every shard is read, to the beginning of the next (`CR1`). */
export const ROUND_PAUSE_MS = 7 * DAY_MS;

/**
 * `damaged`: its node does not have it, or has it otherwise than it was written. `away`: the node did not answer, or is not
 * configured any more, so nothing is known of it.
 */
export type ShardFinding = 'good' | 'damaged' | 'away';

/**
 * Reads all bytes of a shard and compares each with what the blob's root commits to (`CR1`). That a node lists an object, or
 * names its hash, is no proof that it has it.
 */
export async function scrubShard(cluster: ClusterNodes, stored: StoredBlob, shard: number): Promise<ShardFinding> {
  const { layout } = stored.descriptor;
  const damaged: number[] = [];
  const source = new ShardSource(cluster, stored, { damaged: () => void damaged.push(shard) });
  for (const window of windowsOf(layout, { start: 0, end: layout.blobBytes })) {
    const bytes = await source.fetch(shard, window);
    if (bytes === undefined) return damaged.length > 0 ? 'damaged' : 'away';
    for (const { stripe } of window.stripes) {
      const cells = new Map([[shard, cellOf(layout, window, stripe, bytes)]]);
      if (!source.reader.readCells(stripe, cells, [shard]).ok) return 'damaged';
    }
  }
  return 'good';
}

/** The shards of a blob that are good, all of their bytes read. */
export async function goodShards(cluster: ClusterNodes, stored: StoredBlob): Promise<readonly number[]> {
  const { totalShards } = stored.descriptor.layout;
  const good: number[] = [];
  // One after another: this is never in a hurry, and holds a part of one shard at a time.
  for (let shard = 0; shard < totalShards; shard++) {
    if ((await scrubShard(cluster, stored, shard)) === 'good') good.push(shard);
  }
  return good;
}
