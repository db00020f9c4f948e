import { concatBytes, equalBytes } from '../bytes/index.ts';
import {
  decode,
  encode,
  opaque,
  opaqueVector,
  struct,
  uint8,
  vectorBytes,
  version,
  type Decoded,
} from '../codec/index.ts';
import { appendLeaf, EMPTY_RANGE, HASH_BYTES, leafHash, rootOf } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';
import { describeBlob, type BlobDescriptor } from './descriptor.ts';
import {
  blobLayout,
  bodyBytes,
  equalLayouts,
  MAX_BLOB_SHARDS,
  MAX_STRIPES,
  stripeCount,
  type BlobLayout,
} from './layout.ts';

/** Says all that a shard is: its hash as a Merkle leaf stands for the shard (`BL4`). */
export const shardHeader = struct('ShardHeader', {
  version: version(1),
  layout: blobLayout,
  index: uint8,
  cellsRoot: opaque(HASH_BYTES),
});

/** What follows the cells in a shard. The header comes last, where a tool finds it without knowing the blob (`BL3`). */
export const shardTail = struct('ShardTail', {
  /** One of each stripe, in order. */
  cellHashes: opaqueVector(MAX_STRIPES * HASH_BYTES),
  /** One of each shard of the blob, in order. */
  shardHashes: opaqueVector(MAX_BLOB_SHARDS * HASH_BYTES),
  header: shardHeader,
});

/** The hashes that a shard's tail vouches for, once it was found to be under the blob's root. */
export type ShardTail = Decoded<typeof shardTail>;

/** A shard that is not the one that was written, and is treated as one that is missing (`BL5`). */
export interface DamagedShard {
  readonly code: 'damaged-shard';
  readonly shard: number;
  readonly reason: DamageReason;
}

/** What is wrong with a shard's tail, in the order in which it is looked at. */
export type DamageReason = 'wrong-size' | 'malformed' | 'other-layout' | 'other-index' | 'wrong-hashes' | 'other-blob';

/** A blob that was cut to its end. */
export interface SealedBlob {
  readonly descriptor: BlobDescriptor;
  /** Of each shard, in order: what follows its cells. */
  readonly tails: readonly Uint8Array[];
}

/** The tails of a blob, from the hashes of each shard's cells (`BL4`). */
export function sealBlob(layout: BlobLayout, cellHashes: readonly Uint8Array[]): SealedBlob {
  if (cellHashes.length !== layout.totalShards) throw new RangeError('each shard has hashes of its cells');
  const headers = cellHashes.map((hashes, index) => headerOf(layout, index, hashes));
  const shardHashes = concatBytes(...headers.map(hashOfShard));
  return {
    descriptor: describeBlob(layout, rootOfLeaves(splitHashes(shardHashes))),
    tails: headers.map((header, index) => {
      return encode(shardTail, { cellHashes: cellHashes[index] as Uint8Array, shardHashes, header });
    }),
  };
}

/** The header of a shard with these cells. */
export function headerOf(layout: BlobLayout, index: number, cellHashes: Uint8Array): Decoded<typeof shardHeader> {
  if (cellHashes.length !== stripeCount(layout) * HASH_BYTES) throw new RangeError('a shard has a cell a stripe');
  return { version: 1, layout, index, cellsRoot: rootOfLeaves(splitHashes(cellHashes).map((hash) => leafHash(hash))) };
}

/** What stands for the shard in the blob's tree. */
export function hashOfShard(header: Decoded<typeof shardHeader>): Uint8Array {
  return leafHash(encode(shardHeader, header));
}

/** The hash at this place of a row of hashes. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** Bytes of a shard's tail: the same for all shards of a blob. */
export function tailBytes(layout: BlobLayout): number {
  return (
    vectorBytes(stripeCount(layout) * HASH_BYTES) + vectorBytes(layout.totalShards * HASH_BYTES) + SHARD_HEADER_BYTES
  );
}

/** Bytes of a shard as it is stored, known before any of it is written. */
export function shardObjectBytes(layout: BlobLayout): number {
  return bodyBytes(layout) + tailBytes(layout);
}

/**
 * Parses what a node gave as the tail of shard `index`, and takes it only where it is under the root of the blob (`BL5`).
 * A flipped bit, another shard of the blob and a shard of another blob are refused alike. The result views the input.
 */
export function parseShardTail(
  bytes: Uint8Array,
  { layout, root }: BlobDescriptor,
  index: number,
): Result<ShardTail, DamagedShard> {
  const damaged = (reason: DamageReason) => err({ code: 'damaged-shard', shard: index, reason } as const);
  if (bytes.length !== tailBytes(layout)) return damaged('wrong-size');
  const parsed = decode(shardTail, bytes);
  if (!parsed.ok) return damaged('malformed');
  const { cellHashes, shardHashes, header } = parsed.value;
  if (!equalLayouts(header.layout, layout)) return damaged('other-layout');
  if (header.index !== index) return damaged('other-index');
  if (cellHashes.length !== stripeCount(layout) * HASH_BYTES) return damaged('malformed');
  if (!equalBytes(headerOf(layout, index, cellHashes).cellsRoot, header.cellsRoot)) return damaged('wrong-hashes');
  if (!equalBytes(hashOfShard(header), hashAt(shardHashes, index))) return damaged('wrong-hashes');
  if (!equalBytes(rootOfLeaves(splitHashes(shardHashes)), root)) return damaged('other-blob');
  return ok(parsed.value);
}

/** Every field of a header has one size. */
const SHARD_HEADER_BYTES = encode(shardHeader, {
  version: 1,
  layout: { dataShards: 0, totalShards: 0, cellBytes: 0, blobBytes: 0 },
  index: 0,
  cellsRoot: new Uint8Array(HASH_BYTES),
}).length;

function splitHashes(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, index) => hashAt(hashes, index));
}

function rootOfLeaves(leaves: readonly Uint8Array[]): Uint8Array {
  return rootOf(leaves.reduce((range, leaf) => appendLeaf(range, leaf).range, EMPTY_RANGE));
}
