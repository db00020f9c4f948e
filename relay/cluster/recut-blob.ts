import { err, isWritten, ok, writeQuorum, type Result } from '../../core/index.ts';
import { BlobWriter } from './blob-writer.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { readBlob } from './read-blob.ts';
import type { BlobToRepair } from './repair-shards.ts';
import { goodShards } from './scrub-shard.ts';
import type { BlobReadRefusal } from './stored-blob.ts';

/**
 * Cuts a blob again by the placement in force, which has another n or k than the one that it lies by (`CR11`): reads all of it, writes it
 * under an id that was never used before, and reads every new shard back. Until the caller writes down that it lies there, it lies where it
 * lay, and nothing is deleted here. Holds as much at a time as a reader and a writer do.
 */
export async function recutBlob(
  cluster: ClusterNodes,
  stored: BlobToRepair,
  id: Uint8Array,
): Promise<Result<BlobToRepair, BlobReadRefusal>> {
  const { chain, expiresAt } = stored;
  const { blobBytes } = stored.descriptor.layout;
  const { number: placement } = cluster.placement;
  const writer = new BlobWriter(cluster, { chain, id, placement, blobBytes, expiresAt });
  try {
    for await (const piece of readBlob(cluster, stored, { start: 0, end: blobBytes })) {
      const taken = piece.ok ? await writer.write(piece.value) : piece;
      if (!taken.ok) return taken;
    }
    const written = await writer.finish();
    if (!written.ok) return written;
    return await readBack(cluster, { chain, id, expiresAt, ...written.value });
  } finally {
    await writer.idle();
  }
}

/** That nodes took it is no proof that they have it: what is old is deleted on this word. */
async function readBack(cluster: ClusterNodes, recut: BlobToRepair): Promise<Result<BlobToRepair, BlobReadRefusal>> {
  const { layout } = recut.descriptor;
  const good = await goodShards(cluster, recut);
  if (!isWritten(layout, good.length)) {
    return err({ code: 'unavailable', needed: writeQuorum(layout), found: good.length });
  }
  const shards = Array.from({ length: layout.totalShards }, (_, shard) => shard);
  return ok({ ...recut, missing: shards.filter((shard) => !good.includes(shard)) });
}
