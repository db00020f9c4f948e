import {
  cellRange,
  equalBytes,
  err,
  HASH_BYTES,
  layOut,
  ok,
  sha256,
  stripeRange,
  type BlobLayout,
  type ErasureCode,
  type Result,
} from '../../core/index.ts';
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

const LATE = Symbol('late');

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
  const doubtful = new Set<number>();
  for (let row = 0; row < blob.rows; row++) {
    const parts = await readParts(cluster, blob, { row, layout, doubtful });
    if (parts.size < dataShards) {
      yield err({ code: 'unavailable', needed: dataShards, found: parts.size });
      return;
    }
    const { first, last } = rowStripes(layout, row);
    for (let stripe = first; stripe <= last; stripe++) yield ok(stripeData(code, layout, stripe, parts));
  }
}

/**
 * Good parts of a row: as many as are enough, of the data shards if these give them, and of all others as well once one fails or is
 * late (`SC11`). Who was either is asked last from then on: whoever waits for this sends nothing meanwhile, and gives up soon.
 */
async function readParts(
  cluster: ClusterNodes,
  blob: BegunBlob,
  { row, layout, doubtful }: { readonly row: number; readonly layout: BlobLayout; readonly doubtful: Set<number> },
): Promise<Parts> {
  const { dataShards, totalShards } = layout;
  const parts = new Map<number, Uint8Array>();
  const pending = new Map<number, Promise<void>>();
  const ask = async (shard: number): Promise<void> => {
    const bytes = await readPart(cluster, blob, { row, shard, totalShards });
    pending.delete(shard);
    if (bytes === undefined) doubtful.add(shard);
    else parts.set(shard, bytes);
  };
  const shards = Array.from({ length: totalShards }, (_, shard) => shard);
  const order = [...shards.filter((shard) => !doubtful.has(shard)), ...doubtful];
  for (const shard of order.slice(0, dataShards)) pending.set(shard, ask(shard));
  const timer = cluster.startTimer(cluster.readTimes.hedgeAfterMs());
  const late = timer.over.then(() => LATE);
  let isHedged = false;
  while (parts.size < dataShards && pending.size > 0) {
    const event = await Promise.race([...pending.values(), ...(isHedged ? [] : [late])]);
    if (isHedged || (event !== LATE && parts.size + pending.size >= dataShards)) continue;
    isHedged = true;
    if (event === LATE) for (const shard of pending.keys()) doubtful.add(shard);
    for (const shard of order.slice(dataShards)) pending.set(shard, ask(shard));
  }
  timer.cancel();
  // What comes late changes nothing any more.
  return new Map(parts);
}

/** A part that is the one that was written. */
async function readPart(
  cluster: ClusterNodes,
  blob: BegunBlob,
  { row, shard, totalShards }: { readonly row: number; readonly shard: number; readonly totalShards: number },
): Promise<Uint8Array | undefined> {
  const got = await nodesOfBlob(cluster, blob)[shard]?.get(shardPartKey({ ...blob, shard, part: row }));
  const at = (row * totalShards + shard) * HASH_BYTES;
  const hash = blob.partHashes.subarray(at, at + HASH_BYTES);
  return got?.ok === true && equalBytes(sha256(got.value), hash) ? got.value : undefined;
}

/** What of a stripe is the blob's: the last one's cells may be filled up. */
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
  const data = stripeRange(layout, stripe);
  return room.read(data.end - data.start);
}
