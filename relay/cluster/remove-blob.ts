import { layOut } from '../../core/index.ts';
import type { StorageNode } from '../storage-node.ts';
import { nodesOfBlob, placementOfBlob, type ClusterNodes } from './cluster-nodes.ts';
import { shardPartKey, type BlobPlace } from './shard-key.ts';
import { partCount } from './shard-parts.ts';

/**
 * Deletes all parts of a blob, whether they are there or not. Returns the shards, rising, that may still be there: their node
 * did not say that all is deleted. A node that the configuration doesn't name any more is none to wait for.
 */
export async function removeBlob(
  cluster: ClusterNodes,
  blob: BlobPlace & { readonly blobBytes: number },
): Promise<readonly number[]> {
  const { dataShards, slots } = placementOfBlob(cluster, blob);
  const parts = partCount(layOut(blob.blobBytes, { dataShards, totalShards: slots.length }));
  const removed = await Promise.all(
    nodesOfBlob(cluster, blob).map((node, shard) => removeShard(node, { ...blob, shard }, parts)),
  );
  return removed.flatMap((isRemoved, shard) => (isRemoved ? [] : [shard]));
}

/** How many objects `removeBlob` deletes. */
export function objectCount(
  cluster: ClusterNodes,
  { placement, blobBytes }: Pick<BlobPlace, 'placement'> & { readonly blobBytes: number },
): number {
  const { dataShards, slots } = placementOfBlob(cluster, { placement });
  return slots.length * partCount(layOut(blobBytes, { dataShards, totalShards: slots.length }));
}

/** One after another, and no more once the node does not answer. */
async function removeShard(
  node: StorageNode | undefined,
  place: BlobPlace & { readonly shard: number },
  parts: number,
): Promise<boolean> {
  for (let part = 0; node !== undefined && part < parts; part++) {
    const deleted = await node.delete(shardPartKey({ ...place, part }));
    if (!deleted.ok) return false;
  }
  return true;
}
