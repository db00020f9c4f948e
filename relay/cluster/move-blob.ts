import { changeBetween, err, ok, sha256, type Placement, type Result, type ShardMove } from '../../core/index.ts';
import { placementOfBlob, type ClusterNodes } from './cluster-nodes.ts';
import { repairShards, type BlobToRepair } from './repair-shards.ts';
import { scrubShard } from './scrub-shard.ts';
import { shardPartKey } from './shard-key.ts';
import { partCount } from './shard-parts.ts';
import type { BlobReadOptions, BlobReadRefusal } from './stored-blob.ts';

/** What became of a move: the blob as it lies now, and the copies that are left where it lay. */
export interface MovedBlob {
  readonly stored: BlobToRepair;
  readonly left: readonly ShardMove[];
}

/**
 * Brings a blob to another placement (`CR5`): copies the shards that move, reads every one back at its new node, and computes those
 * that can't be copied. Until the caller writes down that the blob lies there, it lies where it lay; nothing is deleted here.
 * `other-shards` says that this placement has another n or k than the blob, which is to be cut again then.
 */
export async function moveBlob(
  cluster: ClusterNodes,
  stored: BlobToRepair,
  to: Placement,
  options: BlobReadOptions = {},
): Promise<Result<MovedBlob | 'other-shards', BlobReadRefusal>> {
  const change = changeBetween(placementOfBlob(cluster, stored), to, stored.id);
  if (change.kind === 'encode-again') return ok('other-shards');
  const moved = { ...stored, placement: to.number, writtenBy: stored.writtenBy ?? stored.placement };
  if (change.kind === 'stay') return ok({ stored: moved, left: [] });
  const uncopied: number[] = [];
  for (const move of change.moves) if (!(await copyShard(cluster, stored, moved, move))) uncopied.push(move.shard);
  const missing = uncopied.filter((shard) => !stored.missing.includes(shard));
  const found = await computeShards(cluster, { ...moved, missing: [...stored.missing, ...missing] }, uncopied, options);
  return found.ok ? ok({ stored: moved, left: change.moves }) : found;
}

async function computeShards(
  cluster: ClusterNodes,
  moved: BlobToRepair,
  shards: readonly number[],
  options: BlobReadOptions,
): Promise<Result<void, BlobReadRefusal>> {
  if (shards.length === 0) return ok(undefined);
  const repair = await repairShards(cluster, moved, shards, options);
  if (!repair.ok) return repair;
  const { totalShards } = moved.descriptor.layout;
  const { refused } = repair.value;
  if (refused.length === 0) return ok(undefined);
  return err({ code: 'unavailable', needed: totalShards, found: totalShards - refused.length });
}

/** Whether the shard is at its new node, as it was written. */
async function copyShard(
  cluster: ClusterNodes,
  stored: BlobToRepair,
  moved: BlobToRepair,
  { shard, from, to }: ShardMove,
): Promise<boolean> {
  const [source, target] = [cluster.node(from), cluster.node(to)];
  if (source === undefined || target === undefined) return false;
  for (let part = 0; part < partCount(stored.descriptor.layout); part++) {
    const key = shardPartKey({ ...moved, shard, part });
    const got = await source.get(key);
    if (!got.ok) return false;
    const bytes = got.value;
    const put = await target.put(key, { bytes, sha256: sha256(bytes), expiresAt: stored.expiresAt });
    if (!put.ok) return false;
  }
  // What was damaged where it lay is damaged here.
  return (await scrubShard(cluster, moved, shard)) === 'good';
}
