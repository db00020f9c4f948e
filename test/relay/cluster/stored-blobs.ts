import { concatBytes, DAY_MS, nodesFor, sha256 } from '../../../core/index.ts';
import {
  shardPartKey,
  writeBlob,
  type BlobPlace,
  type StorageNode,
  type StoredBlob,
  type WrittenBlob,
} from '../../../relay/index.ts';
import { CHAIN, newId, type NodesUnderTest } from './test-cluster.ts';

interface Writing {
  readonly pieceBytes?: number;
  readonly id?: Uint8Array;
}

/** Writes a blob in pieces; one that is refused throws. */
export async function store(
  cluster: NodesUnderTest,
  bytes: Uint8Array,
  { pieceBytes = bytes.length, id = newId() }: Writing = {},
): Promise<{ blob: StoredBlob; missing: WrittenBlob['missing'] }> {
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const expiresAt = Date.now() + 30 * DAY_MS;
  const written = await writeBlob(cluster, { chain: CHAIN, id, blobBytes: bytes.length, expiresAt }, pieces());
  if (!written.ok) throw new Error(JSON.stringify(written.error));
  return { blob: { chain: CHAIN, id, ...written.value }, missing: written.value.missing };
}

/** An id whose first shard goes to the second node, as those of all others that this gives: then a choice of nodes is one of shards. */
export function idOfOnePlace({ placement }: NodesUnderTest): Uint8Array {
  for (;;) {
    const id = newId();
    if (nodesFor(placement, id)[0] === placement.slots[1]) return id;
  }
}

/** Where a blob's shards are. */
interface ShardHolders {
  nodeOf(id: Uint8Array, shard: number): { readonly node: StorageNode };
}

/** Changes what a shard's node has of it, or takes it away. */
export async function changeShard(
  cluster: ShardHolders,
  blob: BlobPlace,
  shard: number,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  const { node } = cluster.nodeOf(blob.id, shard);
  const key = shardPartKey({ ...blob, shard, part: 0 });
  const bytes = await node.get(key);
  if (!bytes.ok) throw new Error(bytes.error.code);
  const changed = change(bytes.value.slice());
  if (changed === undefined) await node.delete(key);
  else await node.put(key, { bytes: changed, sha256: sha256(changed), expiresAt: Date.now() + DAY_MS });
}

type Damage = (cluster: ShardHolders, blob: StoredBlob, shard: number, other: StoredBlob) => Promise<void>;

/** What a faulty or lying node may have of a shard. */
export const damages: Readonly<Record<string, Damage>> = {
  'corrupted in a cell': (cluster, blob, shard) =>
    changeShard(cluster, blob, shard, (bytes) => {
      bytes[20]! ^= 0x10;
      return bytes;
    }),
  'corrupted in the tail': (cluster, blob, shard) =>
    changeShard(cluster, blob, shard, (bytes) => {
      bytes[bytes.length - 5]! ^= 0x10;
      return bytes;
    }),
  truncated: (cluster, blob, shard) => changeShard(cluster, blob, shard, (bytes) => bytes.slice(0, bytes.length >> 1)),
  'longer than they were': (cluster, blob, shard) =>
    changeShard(cluster, blob, shard, (bytes) => concatBytes(bytes, bytes)),
  'swapped with another of the blob': (cluster, blob, shard) => {
    const next = (shard + 1) % blob.descriptor.layout.totalShards;
    return copyOver(cluster, { blob, shard: next }, { blob, shard });
  },
  "another blob's, as a stale one is": (cluster, blob, shard, other) =>
    copyOver(cluster, { blob: other, shard }, { blob, shard }),
  gone: (cluster, blob, shard) => changeShard(cluster, blob, shard, () => undefined),
};

interface ShardOf {
  readonly blob: StoredBlob;
  readonly shard: number;
}

async function copyOver(cluster: ShardHolders, from: ShardOf, to: ShardOf): Promise<void> {
  const key = shardPartKey({ ...from.blob, shard: from.shard, part: 0 });
  const copied = await cluster.nodeOf(from.blob.id, from.shard).node.get(key);
  if (!copied.ok) throw new Error(copied.error.code);
  await changeShard(cluster, to.blob, to.shard, () => copied.value);
}
