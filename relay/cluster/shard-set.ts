import { MAX_BLOB_SHARDS } from '../../core/index.ts';

/** One bit a shard, the first shard the lowest of the first byte: how chains keep which shards are missing. */
export function packShardSet(shards: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(MAX_BLOB_SHARDS / 8);
  for (const shard of shards) bits[shard >> 3] = (bits[shard >> 3] as number) | (1 << (shard & 7));
  return bits;
}

/** The shards, rising. */
export function unpackShardSet(bits: Uint8Array): number[] {
  return Array.from({ length: bits.length * 8 }, (_, shard) => shard).filter(
    (shard) => ((bits[shard >> 3] as number) & (1 << (shard & 7))) !== 0,
  );
}
