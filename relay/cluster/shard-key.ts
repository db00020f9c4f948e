import {
  fromBase64Url,
  MAX_BLOB_SHARDS,
  parseChainId,
  parseObjectKey,
  toBase64Url,
  type ChainId,
  type ObjectKey,
} from '../../core/index.ts';

/** Random bytes of a blob's id. */
export const BLOB_ID_BYTES = 16;

/** A blob at its nodes: whose it is, which of that chain's, and by which placement it lies there. */
export interface BlobPlace {
  readonly chain: ChainId;
  /** BLOB_ID_BYTES that were never used before: what a failed write leaves is under no other blob's name. */
  readonly id: Uint8Array;
  /** Number of the placement by which it lies: which node has which shard. */
  readonly placement: number;
  /** Number of the placement that it was written by, where that is another: its keys say that one for good. */
  readonly writtenBy?: number | undefined;
}

/** One object of one shard. */
export interface ShardPartPlace extends BlobPlace {
  readonly shard: number;
  readonly part: number;
}

/** Where a part of a shard is kept at its node (`SC8`). */
export function shardPartKey({ chain, id, placement, writtenBy = placement, shard, part }: ShardPartPlace): ObjectKey {
  return `${blobPrefix({ chain, id })}${writtenBy}/${shard}/${part}` as ObjectKey;
}

function blobPrefix({ chain, id }: Pick<BlobPlace, 'chain' | 'id'>): string {
  return `c/${toBase64Url(chain)}/${toBase64Url(id)}/`;
}

const KEY = /^c\/([\w-]{43})\/([\w-]{22})\/([1-9]\d{0,9})\/(0|[1-9]\d?)\/(0|[1-9]\d{0,3})$/;

/** What a key that a node lists is of; undefined for one that `shardPartKey` never gave. */
export function parseShardPartKey(key: string): ShardPartPlace | undefined {
  const [, chainText = '', idText = '', placement, shard, part] = KEY.exec(parseObjectKey(key) ?? '') ?? [];
  const chain = parseChainId(fromBase64Url(chainText));
  const id = fromBase64Url(idText);
  if (chain === undefined || id?.length !== BLOB_ID_BYTES || !(Number(shard) < MAX_BLOB_SHARDS)) return undefined;
  return { chain, id, placement: Number(placement), shard: Number(shard), part: Number(part) };
}
