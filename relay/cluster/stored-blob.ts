import type { BlobDescriptor, InconsistentBlob } from '../../core/index.ts';
import type { ClusterUnavailable } from './cluster-nodes.ts';
import type { BlobPlace } from './shard-key.ts';

/** A blob as its chain knows it. */
export interface StoredBlob extends BlobPlace {
  readonly descriptor: BlobDescriptor;
  /** Shards that were not stored, or found missing since: they are asked last. */
  readonly missing: readonly number[];
}

/** Bytes of the blob, `start` included and `end` not. */
export interface BlobRange {
  readonly start: number;
  readonly end: number;
}

/** Why a blob gives no more bytes: ask again later, or nobody can read it (`BL8`). */
export type BlobReadRefusal = ClusterUnavailable | InconsistentBlob;

export interface BlobReadOptions {
  /** Told once of each shard that its node does not have, or has otherwise than it was written: for the repair to make anew. */
  readonly damaged?: (shard: number) => void;
}
