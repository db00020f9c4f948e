import { isWritten, nodesFor, shardObjectBytes } from '../../../core/index.ts';
import { goodShards, placementOfBlob, shardPartKey, type ClusterNodes, type StoredBlob } from '../../../relay/index.ts';
import type { Leftover } from '../store/repairs.ts';
import { isKept, retryAt, setMissing, storedBlob, type CarePort } from './care-port.ts';

/**
 * Job step: deletes one copy that a move left behind, once enough others were read and found good (`SC6`, `CR6`). A node that does
 * not answer is asked again, for as long as the configuration names it.
 */
export async function leftoverStep(port: CarePort, now: number): Promise<number | undefined> {
  const { leftovers } = port.store;
  const cluster = await port.cluster();
  const due = leftovers.due(now);
  if (cluster === undefined || due === undefined) return cluster && leftovers.nextDue();
  const { isDone, bytes } = await clear(port, cluster, due);
  if (isDone) leftovers.remove(due);
  else leftovers.postpone(due, retryAt(port.clock(), due.attempt));
  port.schedule('report', now);
  return now + (bytes === 0 ? 0 : await port.keeper.take(bytes));
}

async function clear(
  port: CarePort,
  cluster: ClusterNodes,
  leftover: Leftover,
): Promise<{ readonly isDone: boolean; readonly bytes: number }> {
  const { id } = leftover;
  const row = port.store.blobs.get(id);
  const stored = row && storedBlob(port.chain, row);
  // Of an inconsistent blob too, whose evidence it is (`BL8`).
  if (stored !== undefined && isShardAgain(cluster, stored, leftover)) return { isDone: true, bytes: 0 };
  if (stored === undefined || !isKept(row, port.clock())) {
    return { isDone: await deleteCopy(port, cluster, leftover), bytes: 0 };
  }
  const good = await goodShards(cluster, stored);
  const { layout } = row.descriptor;
  const bytes = shardObjectBytes(layout) * layout.totalShards;
  const missing = Array.from({ length: layout.totalShards }, (_, index) => index).filter(
    (index) => !good.includes(index),
  );
  if (missing.length > 0) port.storage.transactionSync(() => setMissing(port, id, missing));
  return { isDone: isWritten(layout, good.length) && (await deleteCopy(port, cluster, leftover)), bytes };
}

/** Whether the node has its slot back: then the copy is the shard. */
function isShardAgain(cluster: ClusterNodes, stored: StoredBlob, { id, node, shard, writtenBy }: Leftover): boolean {
  const isSameKey = (stored.writtenBy ?? stored.placement) === writtenBy;
  return isSameKey && nodesFor(placementOfBlob(cluster, stored), id)[shard] === node;
}

async function deleteCopy(
  { chain }: CarePort,
  cluster: ClusterNodes,
  { id, node, shard, writtenBy, parts }: Leftover,
): Promise<boolean> {
  const target = cluster.node(node);
  for (let part = 0; target !== undefined && part < parts; part++) {
    const deleted = await target.delete(shardPartKey({ chain, id, placement: writtenBy, shard, part }));
    if (!deleted.ok) return false;
  }
  return true;
}
