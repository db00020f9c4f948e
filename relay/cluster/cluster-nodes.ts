import { nodesFor, type CodeParameters, type ErasureCode, type Placement } from '../../core/index.ts';
import type { StorageNode } from '../storage-node.ts';
import type { ReadTimes } from './read-times.ts';
import type { BlobPlace } from './shard-key.ts';
import type { TransferMemory } from './transfer-memory.ts';

/** The cluster as one call sees it: its nodes, which shard is where, and what reading and writing them takes besides. */
export interface ClusterNodes {
  /** The one in force: new blobs are placed by it. */
  readonly placement: Placement;
  /** Any that a blob may still lie by. */
  placementOf(number: number): Placement | undefined;
  /** Undefined for a node that the configuration doesn't name any more: what it had is lost. */
  node(name: string): StorageNode | undefined;
  /** One for all callers: a code and its kernel hold nothing between two steps. */
  code(parameters: CodeParameters): ErasureCode;
  readonly readTimes: ReadTimes;
  /** One for all callers in an isolate. */
  readonly memory: TransferMemory;
  /** ms since the Unix epoch */
  readonly clock: () => number;
  /** One of so many ms. */
  startTimer(ms: number): Timer;
}

/** Whoever no longer waits cancels it: an isolate has a bounded number of them. */
export interface Timer {
  /** Resolves when the time is over, and never once it was cancelled. */
  readonly over: Promise<void>;
  cancel(): void;
}

/** Fewer nodes than are needed did what was asked. Nothing is lost by it: with enough of them back it can be asked again. */
export interface ClusterUnavailable {
  readonly code: 'unavailable';
  /** Shards that are needed, and that were stored or found. */
  readonly needed: number;
  readonly found: number;
}

/** The node of each shard by its index, undefined where there is none any more. A placement that nobody knows throws. */
export function nodesOfBlob(cluster: ClusterNodes, place: Omit<BlobPlace, 'chain'>): (StorageNode | undefined)[] {
  return nodesFor(placementOfBlob(cluster, place), place.id).map((name) => cluster.node(name));
}

/** The placement that a blob lies by. One that nobody knows is a broken invariant and throws. */
export function placementOfBlob(cluster: ClusterNodes, { placement }: Pick<BlobPlace, 'placement'>): Placement {
  const found = cluster.placementOf(placement);
  if (found === undefined) throw new Error(`There is no placement ${placement}.`);
  return found;
}
