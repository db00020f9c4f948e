import { randomFillSync } from 'node:crypto';
import { encode, inconsistencyEvidence, shardObjectBytes, type BlobLayout } from '../../../core/index.ts';
import {
  BLOB_ID_BYTES,
  moveBlob,
  partCount,
  recutBlob,
  type BlobReadRefusal,
  type BlobToRepair,
  type ClusterNodes,
  type MovedBlob,
} from '../../../relay/index.ts';
import type { BlobRow } from '../store.ts';
import { isKept, setMissing, type CarePort } from './care-port.ts';

/**
 * Brings a blob to the placement in force (`CR5`, `CR11`). Returns the bytes that it took. One that can't be moved now lies where it lay,
 * for the next round to move.
 */
export async function move(port: CarePort, cluster: ClusterNodes, stored: BlobToRepair): Promise<number> {
  if (stored.placement === cluster.placement.number) return 0;
  const damaged = new Set<number>();
  const options = { damaged: (shard: number) => void damaged.add(shard) };
  const moved = await moveBlob(cluster, stored, cluster.placement, options);
  if (!moved.ok) return refused(port, stored, moved.error);
  if (moved.value === 'other-shards') return recut(port, cluster, stored);
  return switchMoved(port, stored, moved.value, damaged);
}

/** A copy that was being cut when this object ended is begun anew, as another one. */
export function buryCutOff({ store, storage, tombs }: CarePort): void {
  const { cut } = store;
  if (cut === undefined) return;
  storage.transactionSync(() => {
    store.cut = undefined;
    tombs.bury(cut);
  });
}

/**
 * The new row stands in one transaction with noting that the old shards are to be deleted: a little later, since readers may be at them.
 * What will be written is noted before anything is, so that no copy is left that nobody knows. Each attempt has an id of its own: what is
 * deleted of one is nothing of the next.
 */
async function recut(port: CarePort, cluster: ClusterNodes, stored: BlobToRepair): Promise<number> {
  const { store, storage, tombs } = port;
  const { layout } = stored.descriptor;
  const id = randomFillSync(new Uint8Array(BLOB_ID_BYTES));
  const cut = { blob: id, placement: cluster.placement.number, blobBytes: layout.blobBytes };
  store.cut = cut;
  const made = await recutBlob(cluster, stored, id);
  storage.transactionSync(() => {
    const row = store.blobs.get(stored.id);
    store.cut = undefined;
    if (made.ok && isKept(row, port.clock())) replace(port, row, made.value);
    else tombs.bury(cut);
  });
  if (!made.ok) return refused(port, stored, made.error);
  return wholeBytes(layout) + 2 * wholeBytes(made.value.descriptor.layout);
}

function replace(port: CarePort, row: BlobRow, { id, descriptor, placement, missing }: BlobToRepair): void {
  const { store, tombs } = port;
  store.blobs.remove(row.id);
  store.repairs.remove(row.id);
  store.blobs.add({ ...row, id, descriptor, placement, writtenBy: undefined, missing });
  if (row.kind === 'segment') store.segments.replaceBlob(row.id, id);
  setMissing(port, id, missing);
  tombs.bury({ blob: row.id, placement: row.placement, writtenBy: row.writtenBy, blobBytes: row.size });
}

function wholeBytes(layout: BlobLayout): number {
  return shardObjectBytes(layout) * layout.totalShards;
}

function refused({ store }: CarePort, { id, descriptor }: BlobToRepair, error: BlobReadRefusal): number {
  if (error.code === 'inconsistent-blob') {
    store.blobs.setStatus(id, 'inconsistent', encode(inconsistencyEvidence, error.evidence));
  }
  return shardObjectBytes(descriptor.layout);
}

function switchMoved(
  port: CarePort,
  stored: BlobToRepair,
  { stored: there, left }: MovedBlob,
  damaged: ReadonlySet<number>,
): number {
  const { blobs, leftovers } = port.store;
  const { layout } = stored.descriptor;
  const now = port.clock();
  port.storage.transactionSync(() => {
    const row = blobs.get(stored.id);
    // Deleted meanwhile: what was copied is found by the orphan scan.
    if (!isKept(row, now)) return;
    const back = left.map(({ shard }) => shard);
    const missing = [...new Set([...row.missing.filter((shard) => !back.includes(shard)), ...damaged])];
    blobs.setPlacement(stored.id, there.placement, missing, there.writtenBy);
    setMissing(
      port,
      stored.id,
      missing.sort((a, b) => a - b),
    );
    const writtenBy = there.writtenBy ?? there.placement;
    for (const { shard, from } of left) {
      leftovers.keep({ id: stored.id, node: from, shard, writtenBy, parts: partCount(layout) }, now);
    }
    if (left.length > 0) port.schedule('leftovers', now);
  });
  return shardObjectBytes(layout) * 3 * left.length;
}
