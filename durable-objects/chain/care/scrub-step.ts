import { encode, fromBase64Url, inconsistencyEvidence, shardObjectBytes, toBase64Url } from '../../../core/index.ts';
import { moveBlob, partCount, scrubShard, type BlobToRepair, type ClusterNodes } from '../../../relay/index.ts';
import type { BlobRow } from '../store/blobs.ts';
import {
  careState,
  changeCareState,
  isKept,
  setMissing,
  START,
  storedBlob,
  type CarePort,
  type CareState,
} from './care-port.ts';

/** What one step reads, unless a single shard is larger. */
const STEP_BYTES = 8_388_608;
/** Shards of one step: small ones cost requests, not bytes. */
const STEP_SHARDS = 256;

/**
 * Job step: brings blobs to the placement in force and reads their shards, from where the step before ended (`CR1`, `CR5`). The
 * cursor is written when the step is done, so one that was cut off is done again.
 */
export async function scrubStep(port: CarePort, now: number): Promise<number | undefined> {
  const state = careState(port);
  const cluster = await port.cluster();
  if (cluster === undefined || state.round === state.doneRound) return undefined;
  let cursor = state.cursor;
  let bytes = 0;
  for (let shards = 0; shards < STEP_SHARDS && bytes < STEP_BYTES; shards++) {
    const next = port.store.blobs.page(fromBase64Url(cursor.after), 1)[0];
    if (next === undefined) return endRound(port, state, bytes);
    const read = await scrubNext(port, cluster, next, cursor.shard);
    bytes += read.bytes;
    cursor = read.isWhole ? { after: toBase64Url(next.id), shard: 0 } : { ...cursor, shard: cursor.shard + 1 };
  }
  // A round that was begun meanwhile begins at the first blob.
  const { round, scrubbedBytes } = careState(port);
  changeCareState(port, { scrubbedBytes: scrubbedBytes + bytes, ...(round === state.round && { cursor }) });
  return now + (await port.keeper.take(bytes));
}

function endRound(port: CarePort, { round }: CareState, bytes: number): undefined | number {
  const now = port.clock();
  const state = careState(port);
  port.storage.transactionSync(() => {
    const scrubbedBytes = state.scrubbedBytes + bytes;
    changeCareState(port, { doneRound: round, cursor: START, scrubbedBytes });
    port.schedule('report', now);
  });
  return state.round === round ? undefined : now;
}

/** One shard of the blob, which is moved before its first is read. */
async function scrubNext(
  port: CarePort,
  cluster: ClusterNodes,
  row: BlobRow,
  shard: number,
): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
  if (!isKept(row, port.clock())) return { bytes: 0, isWhole: true };
  const stored = storedBlob(port.chain, row);
  const { layout } = row.descriptor;
  const moved = shard === 0 ? await move(port, cluster, stored) : 0;
  const current = port.store.blobs.get(row.id);
  if (!isKept(current, port.clock())) return { bytes: moved, isWhole: true };
  const finding = await scrubShard(cluster, storedBlob(port.chain, current), shard);
  port.storage.transactionSync(() => note(port, row.id, shard, finding === 'good'));
  return { bytes: moved + shardObjectBytes(layout), isWhole: shard + 1 >= layout.totalShards };
}

/** Against the row as it is by now: a repair may have been at work. */
function note(port: CarePort, id: Uint8Array, shard: number, isGood: boolean): void {
  const row = port.store.blobs.get(id);
  if (!isKept(row, port.clock()) || row.missing.includes(shard) !== isGood) return;
  const others = row.missing.filter((other) => other !== shard);
  setMissing(port, id, isGood ? others : [...others, shard].sort((a, b) => a - b));
}

/** Returns the bytes that it took. A blob that can't be moved now lies where it lay, for the next round to move. */
async function move(port: CarePort, cluster: ClusterNodes, stored: BlobToRepair): Promise<number> {
  if (stored.placement === cluster.placement.number) return 0;
  const damaged = new Set<number>();
  const moved = await moveBlob(cluster, stored, cluster.placement, { damaged: (shard) => void damaged.add(shard) });
  const { layout } = stored.descriptor;
  const now = port.clock();
  const { blobs, leftovers } = port.store;
  if (!moved.ok) {
    if (moved.error.code === 'inconsistent-blob') {
      blobs.setStatus(stored.id, 'inconsistent', encode(inconsistencyEvidence, moved.error.evidence));
    }
    return shardObjectBytes(layout);
  }
  if (moved.value === 'stays') return 0;
  const { stored: there, left } = moved.value;
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
