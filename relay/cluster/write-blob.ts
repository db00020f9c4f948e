import type { ChainId, Result } from '../../core/index.ts';
import { BlobWriter, type WrittenBlob } from './blob-writer.ts';
import type { ClusterNodes, ClusterUnavailable } from './cluster-nodes.ts';

export interface BlobToWrite {
  readonly chain: ChainId;
  /** BLOB_ID_BYTES that were never used before for other bytes. */
  readonly id: Uint8Array;
  /** Of all chunks together; at least 1. */
  readonly blobBytes: number;
  /** ms since the Unix epoch */
  readonly expiresAt: number;
}

/**
 * Writes a blob by the placement in force, in memory that does not grow with it, and says what its chain keeps of it once k + f
 * nodes have stored their shards (`SC5`). What an unsuccessful write has at nodes stays there (`SC10`): its caller writes the same bytes
 * again, or has them buried. Chunks that fail, or are not `blobBytes` together, throw.
 */
export async function writeBlob(
  cluster: ClusterNodes,
  { chain, id, blobBytes, expiresAt }: BlobToWrite,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Result<WrittenBlob, ClusterUnavailable>> {
  const { number: placement } = cluster.placement;
  const writer = new BlobWriter(cluster, { chain, id, placement, blobBytes, expiresAt });
  try {
    for await (const chunk of chunks) {
      const taken = await writer.write(chunk);
      if (!taken.ok) return taken;
    }
    return await writer.finish();
  } finally {
    await writer.idle();
  }
}
