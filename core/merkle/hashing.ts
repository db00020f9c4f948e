import { sha256 } from '../crypto/index.ts';

/** Bytes of every node, leaf and root. */
export const HASH_BYTES = 32;

/** Sizes and indexes are exact as JS numbers up to here; a larger one is refused everywhere. */
export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER;

/** The first byte tells a leaf from a node, so that no node can pass for an entry (`MT1`, RFC 9162 §2.1.1). */
const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = 0x01;

/** SHA-256(0x00 || entry), 32 bytes: the Merkle leaf and the next entry's link in one (`MT1`). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, entry);
}

/** Both children have 32 bytes; anything else is a broken invariant and throws. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError('a tree node has 32 bytes');
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = NODE_PREFIX;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return sha256(bytes);
}

/** The root of a tree without leaves: SHA-256 of nothing (`MT2`). */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}
