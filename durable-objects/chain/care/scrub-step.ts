import { fromBase64Url, HOUR_MS, shardObjectBytes, toBase64Url } from '../../../core/index.ts';
import { scrubShard, type ClusterNodes } from '../../../relay/index.ts';
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
import { buryCutOff, move } from './move.ts';

/** What one step reads, unless a single shard is larger. */
const STEP_BYTES = 4_194_304;
/** Shards of one step: small ones cost requests, not bytes. */
const STEP_SHARDS = 256;
/** A chain that reads for long tells how far it is, or it would count as silent (`CR14`). */
const TELL_AGAIN_MS = HOUR_MS;

/**
 * Job step: brings blobs to the placement in force and reads their shards, from where the step before ended (`CR1`, `CR5`). The
 * cursor is written when the step is done, so one that was cut off is done again.
 */
export async function scrubStep(port: CarePort, now: number): Promise<number | undefined> {
  const state = careState(port);
  const cluster = await port.cluster();
  if (cluster === undefined || state.round === state.doneRound) return undefined;
  buryCutOff(port);
  let cursor = state.cursor;
  let bytes = 0;
  for (let shards = 0; shards < STEP_SHARDS && bytes < STEP_BYTES; shards++) {
    const next = port.store.blobs.page(fromBase64Url(cursor.after), 1)[0];
    if (next === undefined) {
      if (bytes === 0) return endRound(port, state);
      break;
    }
    const read = await scrubNext(port, cluster, next, cursor.shard);
    bytes += read.bytes;
    cursor = read.isWhole ? { after: toBase64Url(next.id), shard: 0 } : { ...cursor, shard: cursor.shard + 1 };
  }
  // A round that was begun meanwhile begins at the first blob.
  const { round, scrubbedBytes } = careState(port);
  changeCareState(port, { scrubbedBytes: scrubbedBytes + bytes, ...(round === state.round && { cursor }) });
  port.schedule('report', port.clock() + TELL_AGAIN_MS);
  return now + (await port.keeper.take(bytes));
}

/** Once what its last shards took is paid: chains whose blobs are a step's worth or less would else be held up by nothing (`CR8`). */
function endRound(port: CarePort, { round }: CareState): undefined | number {
  const now = port.clock();
  const state = careState(port);
  port.storage.transactionSync(() => {
    changeCareState(port, { doneRound: round, cursor: START });
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
  const moved = shard === 0 ? await move(port, cluster, storedBlob(port.chain, row)) : 0;
  const current = port.store.blobs.get(row.id);
  // One that was cut again is another one by now, all of whose shards were read.
  if (!isKept(current, port.clock())) return { bytes: moved, isWhole: true };
  const { layout } = current.descriptor;
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
