import type { LeafNode } from 'ts-mls';
import { decodeLeafNode, encodeLeafNode } from 'ts-mls/leafNode.js';
import { encodeParentNode } from 'ts-mls/parentNode.js';
import { toBase64 } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { leafSignature } from '../leaf.ts';

/** A member's place in the tree. Keys are Base64, to be held in sets. */
export interface PublicLeaf {
  readonly kind: 'leaf';
  readonly node: LeafNode;
  /** The LeafNode as received, in bytes of its own. */
  readonly encoded: Uint8Array;
  readonly encryptionKey: string;
  readonly signatureKey: string;
  /** Whom the leaf stands for, see `MemberRules`. */
  readonly client: Uint8Array;
}

export interface PublicParent {
  readonly kind: 'parent';
  readonly encoded: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly encryptionKey: string;
  readonly parentHash: Uint8Array;
  /** In the order in which they came, which is ascending. */
  readonly unmergedLeaves: readonly number[];
}

export type PublicNode = PublicLeaf | PublicParent;

/** Copies the leaf, since a decoded one is a view of the whole message that brought it. */
export function makeLeaf(leaf: LeafNode, client: Uint8Array): PublicLeaf {
  const encoded = encodeLeafNode(leaf);
  const node = decodeLeafNode(encoded, 0)?.[0];
  if (node === undefined) throw new TypeError('a leaf that was decoded before');
  return {
    kind: 'leaf',
    node,
    encoded,
    encryptionKey: toBase64(node.hpkePublicKey),
    signatureKey: toBase64(node.signaturePublicKey),
    client: client.slice(),
  };
}

export function makeParent(fields: Pick<PublicParent, 'publicKey' | 'parentHash' | 'unmergedLeaves'>): PublicParent {
  const { publicKey, parentHash, unmergedLeaves } = fields;
  return {
    kind: 'parent',
    encoded: encodeParentNode({ hpkePublicKey: publicKey, parentHash, unmergedLeaves: [...unmergedLeaves] }),
    publicKey: publicKey.slice(),
    encryptionKey: toBase64(publicKey),
    parentHash: parentHash.slice(),
    unmergedLeaves,
  };
}

/** The leaf's signature at this place of this group. */
export function signatureOf(leaf: PublicLeaf, groupId: Uint8Array, leafIndex: number): VerifyJob {
  const { signaturePublicKey: signatureKey, signature, leafNodeSource } = leaf.node;
  const isFromKeyPackage = leafNodeSource === 'key_package';
  return leafSignature({ encoded: leaf.encoded, signatureKey, signature, isFromKeyPackage }, { groupId, leafIndex });
}
