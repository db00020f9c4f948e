import { encode, opaqueVector, struct } from '../../codec/index.ts';
import { MAX_COMMIT_BYTES } from '../limits.ts';
import type { SuiteHash } from '../suite.ts';

const NODE_TYPE = { leaf: 1, parent: 2 } as const;

/** TreeHashInput of RFC 9420 §7.8 for a leaf; `encoded` is the LeafNode, undefined where the place is blank. */
export function hashLeafNode(hash: SuiteHash, leafIndex: number, encoded: Uint8Array | undefined): Uint8Array {
  const head = new Uint8Array(5);
  head[0] = NODE_TYPE.leaf;
  new DataView(head.buffer).setUint32(1, leafIndex);
  return hash(head, ...optional(encoded));
}

/** TreeHashInput of RFC 9420 §7.8 for a parent and the hashes of its children. */
export function hashParentNode(
  hash: SuiteHash,
  encoded: Uint8Array | undefined,
  [left, right]: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  // A hash has at most 64 bytes, and its length takes one byte below that.
  const length = left.length < 64 ? Uint8Array.of(left.length) : Uint8Array.of(0x40, left.length);
  return hash(Uint8Array.of(NODE_TYPE.parent), ...optional(encoded), length, left, length, right);
}

/** `optional<T>` of RFC 9420 §2.1.1. */
function optional(encoded: Uint8Array | undefined): readonly Uint8Array[] {
  return encoded === undefined ? [Uint8Array.of(0)] : [Uint8Array.of(1), encoded];
}

const parentHashInputCodec = struct('ParentHashInput', {
  encryptionKey: opaqueVector(MAX_COMMIT_BYTES),
  parentHash: opaqueVector(MAX_COMMIT_BYTES),
  originalSiblingTreeHash: opaqueVector(MAX_COMMIT_BYTES),
});

/** What the node below carries as its parent hash (RFC 9420 §7.9). */
export function hashParentInput(
  hash: SuiteHash,
  parent: { readonly publicKey: Uint8Array; readonly parentHash: Uint8Array },
  originalSiblingTreeHash: Uint8Array,
): Uint8Array {
  const { publicKey: encryptionKey, parentHash } = parent;
  return hash(encode(parentHashInputCodec, { encryptionKey, parentHash, originalSiblingTreeHash }));
}
