import type { RatchetTree } from 'ts-mls';
import { encodeParentNode } from 'ts-mls/parentNode.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { toBase64 } from '../bytes/index.ts';
import { ok, type Result } from '../result.ts';
import type { MlsTreeLeaf } from './leaf.ts';
import { MAX_GROUP_LEAVES } from './limits.ts';
import { decodeWhole } from './message.ts';
import { readLeaf } from './read-leaf.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { DEFAULT_TERMS, type SuiteHash } from './suite.ts';
import { hashLeafNode, hashParentNode } from './public-group/tree-hash.ts';

/** A public ratchet tree (RFC 9420 §7): who is where, and what it hashes to. */
export interface MlsTree {
  /** In order of their index; blank places are left out. */
  readonly leaves: readonly MlsTreeLeaf[];
  /** Computed from the tree, not taken from anyone. */
  readonly hash: Uint8Array;
}

type TreeRefusal = MlsRefusal<MlsMessageCode | MlsLeafCode | 'group-info-tree'>;

/** Parses the content of a `ratchet_tree` extension. Parent hashes are not checked. */
export function parseRatchetTree(bytes: Uint8Array, terms = DEFAULT_TERMS): Result<MlsTree, TreeRefusal> {
  const tree = decodeWhole(bytes, decodeRatchetTree, encodeRatchetTree);
  if (!tree.ok) return tree;
  if (tree.value.length > 2 * MAX_GROUP_LEAVES - 1 || !isSound(tree.value)) return refuse('group-info-tree');
  const leaves: MlsTreeLeaf[] = [];
  for (const [nodeIndex, node] of tree.value.entries()) {
    if (node?.nodeType !== 'leaf') continue;
    const leaf = readLeaf(node.leaf, terms);
    if (!leaf.ok) return leaf;
    leaves.push({ ...leaf.value, leafIndex: nodeIndex / 2 });
  }
  if (!isUnambiguous(tree.value, leaves)) return refuse('group-info-tree');
  return ok({ leaves, hash: hashTree(tree.value, leaves, terms.suite.hash) });
}

/** Leaves have even node indexes and parents odd ones (RFC 9420 §4.1.1, appendix C). */
function isSound(tree: RatchetTree): boolean {
  return tree.every((node, index) => node === undefined || node.nodeType === (index % 2 === 0 ? 'leaf' : 'parent'));
}

/** No key twice (RFC 9420 §7.3, §12.4.3.1), and no actor in two places: the roster is a set. */
function isUnambiguous(tree: RatchetTree, leaves: readonly MlsTreeLeaf[]): boolean {
  const encryptionKeys = leaves.map(({ encryptionKey }) => encryptionKey);
  for (const node of tree) if (node?.nodeType === 'parent') encryptionKeys.push(node.parent.hpkePublicKey);
  const signatureKeys = leaves.map(({ signatureKey }) => signatureKey);
  return [encryptionKeys, signatureKeys, leaves.map(({ actor }) => actor)].every(areDistinct);
}

export function areDistinct(values: readonly Uint8Array[]): boolean {
  return new Set(values.map(toBase64)).size === values.length;
}

/** The tree hash of RFC 9420 §7.8, from the root down. */
function hashTree(tree: RatchetTree, leaves: readonly MlsTreeLeaf[], hash: SuiteHash): Uint8Array {
  const encodedLeaves = new Map(leaves.map(({ leafIndex, encoded }) => [leafIndex, encoded]));
  const hashSubtree = (index: number, halfWidth: number): Uint8Array => {
    if (halfWidth === 0) return hashLeafNode(hash, index / 2, encodedLeaves.get(index / 2));
    const node = tree[index];
    const parent = node?.nodeType === 'parent' ? encodeParentNode(node.parent) : undefined;
    const left = hashSubtree(index - halfWidth, halfWidth >> 1);
    const right = hashSubtree(index + halfWidth, halfWidth >> 1);
    return hashParentNode(hash, parent, [left, right]);
  };
  // A full tree of 2^d leaves has 2^(d+1) - 1 nodes, with the root in the middle.
  return hashSubtree((tree.length - 1) / 2, (tree.length + 1) >> 2);
}
