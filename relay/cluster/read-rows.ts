import {
  cellRange,
  equalBytes,
  err,
  HASH_BYTES,
  layOut,
  ok,
  sha256,
  type BlobLayout,
  type ErasureCode,
  type Result,
} from '../../core/index.ts';
import type { StorageNode } from '../storage-node.ts';
import { nodesOfBlob, placementOfBlob, type ClusterNodes, type ClusterUnavailable } from './cluster-nodes.ts';
import { shardPartKey, type BlobPlace } from './shard-key.ts';
import { cellsPerPart, rowStripes } from './shard-parts.ts';

/** A blob of which so many rows are stored, and no tail. */
export interface BegunBlob extends BlobPlace {
  readonly blobBytes: number;
  readonly rows: number;
  /** SHA-256 of each part that is stored, row by row: without a tail nothing else vouches for them. */
  readonly partHashes: Uint8Array;
}

type Parts = ReadonlyMap<number, Uint8Array>;

/**
 * The bytes of a blob that was begun, from its beginning to the end of its stored rows, for a writer that goes on with it (`UP3`).
 * After a refusal nothing comes any more.
 */
export async function* readRows(
  cluster: ClusterNodes,
  blob: BegunBlob,
): AsyncGenerator<Result<Uint8Array, ClusterUnavailable>, void> {
  const { dataShards, slots } = placementOfBlob(cluster, blob);
  const layout = layOut(blob.blobBytes, { dataShards, totalShards: slots.length });
  const code = cluster.code(layout);
  for (let row = 0; row < blob.rows; row++) {
    const parts = await readParts(nodesOfBlob(cluster, blob), blob, { row, layout });
    if (parts.size < dataShards) {
      yield err({ code: 'unavailable', needed: dataShards, found: parts.size });
      return;
    }
    const { first, last } = rowStripes(layout, row);
    for (let stripe = first; stripe <= last; stripe++) yield ok(stripeData(code, layout, stripe, parts));
  }
}

/** Good parts of a row: of the data shards, and of others where one of these gives none. */
async function readParts(
  nodes: readonly (StorageNode | undefined)[],
  blob: BegunBlob,
  { row, layout }: { readonly row: number; readonly layout: BlobLayout },
): Promise<Parts> {
  const { dataShards, totalShards } = layout;
  const parts = new Map<number, Uint8Array>();
  const ask = async (shard: number): Promise<void> => {
    const got = await nodes[shard]?.get(shardPartKey({ ...blob, shard, part: row }));
    const at = (row * totalShards + shard) * HASH_BYTES;
    const hash = blob.partHashes.subarray(at, at + HASH_BYTES);
    if (got?.ok === true && equalBytes(sha256(got.value), hash)) parts.set(shard, got.value);
  };
  const shards = Array.from({ length: totalShards }, (_, shard) => shard);
  await Promise.all(shards.slice(0, dataShards).map(ask));
  if (parts.size < dataShards) await Promise.all(shards.slice(dataShards).map(ask));
  return parts;
}

/** Rows that come before another are of whole stripes, so all of their data is the blob's. */
function stripeData(code: ErasureCode, layout: BlobLayout, stripe: number, parts: Parts): Uint8Array {
  const { start, end } = cellRange(layout, stripe);
  const cellBytes = end - start;
  const offset = (stripe % cellsPerPart(layout)) * layout.cellBytes;
  const room = code.openStripe(cellBytes);
  const present = [...parts.keys()].sort((a, b) => a - b);
  for (const shard of present) {
    room.shard(shard).set((parts.get(shard) as Uint8Array).subarray(offset, offset + cellBytes));
  }
  const missing = Array.from({ length: layout.dataShards }, (_, shard) => shard).filter((shard) => !parts.has(shard));
  if (missing.length > 0) code.reconstruct(room, present, missing);
  return room.read(layout.dataShards * cellBytes);
}
