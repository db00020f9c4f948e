import { encode, inconsistencyEvidence } from '../../../core/index.ts';
import { repairBytes, repairShards, scrubShard, type BlobToRepair, type ClusterNodes } from '../../../relay/index.ts';
import { careState, changeCareState, isKept, retryAt, setMissing, storedBlob, type CarePort } from './care-port.ts';

/** Job step: makes the missing shards of one blob anew (`CR3`). Returns when the next one is due. */
export async function repairStep(port: CarePort, now: number): Promise<number | undefined> {
  const { repairs, blobs } = port.store;
  const cluster = await port.cluster();
  const due = repairs.due(now);
  if (cluster === undefined || due === undefined) return cluster && repairs.nextDue();
  const row = blobs.get(due.id);
  if (!isKept(row, now) || row.missing.length === 0) {
    repairs.remove(due.id);
    return now;
  }
  const bytes = await repairBlob(port, cluster, storedBlob(port.chain, row), due.attempt);
  port.schedule('report', now);
  return now + (await port.keeper.take(bytes));
}

/** Looks first whether they are missing still: a node that was away has them when it is back. Returns the bytes that it took. */
async function repairBlob(
  port: CarePort,
  cluster: ClusterNodes,
  stored: BlobToRepair,
  attempt: number,
): Promise<number> {
  const { blobs, repairs } = port.store;
  const found = new Map<number, string>();
  for (const shard of stored.missing) found.set(shard, await scrubShard(cluster, stored, shard));
  const lost = stored.missing.filter((shard) => found.get(shard) === 'damaged');
  const damaged = new Set<number>();
  const options = { damaged: (shard: number) => void damaged.add(shard) };
  const repair = lost.length === 0 ? undefined : await repairShards(cluster, stored, lost, options);
  const now = port.clock();
  port.storage.transactionSync(() => {
    if (repair?.ok === false && repair.error.code === 'inconsistent-blob') {
      blobs.setStatus(stored.id, 'inconsistent', encode(inconsistencyEvidence, repair.error.evidence));
      repairs.remove(stored.id);
      return;
    }
    const repaired = repair?.ok === true ? repair.value.repaired : [];
    // What reads reported meanwhile is in the row by now.
    const before = blobs.get(stored.id);
    if (!isKept(before, now)) return repairs.remove(stored.id);
    const isBack = (shard: number) => found.get(shard) === 'good' || repaired.includes(shard);
    const missing = [...new Set([...before.missing, ...damaged])]
      .filter((shard) => !isBack(shard))
      .sort((a, b) => a - b);
    setMissing(port, stored.id, missing);
    changeCareState(port, { repaired: careState(port).repaired + repaired.length });
    if (missing.length > 0) repairs.postpone(stored.id, retryAt(now, attempt));
  });
  return repairBytes(stored, lost.length);
}
