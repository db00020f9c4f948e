/**
 * How many of a cluster's n nodes have to have done something. All of it follows from one promise: fewer than a third of the
 * nodes may be dead or lying, at any time, and others of them later (`SC1`, `SC5`, `SC6`).
 */

/** f, the most nodes that may fail at a time: fewer than a third (`SC1`). */
export function faultsBorneBy(totalShards: number): number {
  return Math.floor((totalShards - 1) / 3);
}

/**
 * The most data shards that n nodes allow (`SC2`). While f are dead, n − f can be written; if f of these die before the
 * others come back, n − 2f are left to read.
 */
export function mostDataShards(totalShards: number): number {
  return totalShards - 2 * faultsBorneBy(totalShards);
}

/** How a blob lies in its cluster: what a quorum is follows from these two. */
export interface QuorumParameters {
  readonly dataShards: number;
  readonly totalShards: number;
}

/** Shards that have to be stored before a write is acknowledged: as many as are needed after f of them are lost (`SC5`). */
export function writeQuorum({ dataShards, totalShards }: QuorumParameters): number {
  return dataShards + faultsBorneBy(totalShards);
}

/** Whether a write may be acknowledged (`SC5`). `stored` counts distinct shards that their nodes said they keep. */
export function isWritten(quorum: QuorumParameters, stored: number): boolean {
  return stored >= writeQuorum(quorum);
}

/** How well a blob is kept, by how many of its shards were found good. */
export type BlobHealth = 'whole' | 'degraded' | 'below-quorum' | 'lost';

/** `degraded` still bears f faults, `below-quorum` fewer, and of a blob that is `lost` nothing can be read. */
export function healthOf(quorum: QuorumParameters, verified: number): BlobHealth {
  if (verified >= quorum.totalShards) return 'whole';
  if (isWritten(quorum, verified)) return 'degraded';
  return verified >= quorum.dataShards ? 'below-quorum' : 'lost';
}

/** How many more shards may be lost before the blob is. Negative where it is. */
export function lossMargin({ dataShards }: QuorumParameters, verified: number): number {
  return verified - dataShards;
}
