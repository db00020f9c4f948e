import { emptyRoot, MAX_TREE_SIZE, nodeHash } from './hashing.ts';
import { foldNodes, isTreeSize, perfectSubtrees, type NodeReader } from './perfect-subtrees.ts';

/**
 * All that is needed of a tree to append to it and to know its root: the roots of its perfect subtrees, largest first,
 * at most 53. An immutable value: a flush can throw away the ranges it made when its write fails.
 */
export interface CompactRange {
  readonly size: number;
  readonly nodes: readonly Uint8Array[];
}

/** Of a tree without leaves. */
export const EMPTY_RANGE: CompactRange = { size: 0, nodes: [] };

/** What appending a leaf gives. */
export interface AppendedLeaf {
  readonly range: CompactRange;
  /** The roots of the perfect subtrees that this leaf completes, from the leaf itself (level 0) upward (`MT4`). */
  readonly completed: readonly Uint8Array[];
}

/** One hash a leaf on average; `range` is left as it was. */
export function appendLeaf(range: CompactRange, leaf: Uint8Array): AppendedLeaf {
  if (range.size >= MAX_TREE_SIZE) throw new RangeError('the tree is full');
  const nodes = range.nodes.slice();
  const completed = [leaf];
  let node = leaf;
  for (let rest = range.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    node = nodeHash(nodes.pop() as Uint8Array, node);
    completed.push(node);
  }
  nodes.push(node);
  return { range: { size: range.size + 1, nodes }, completed };
}

/** The Merkle tree hash of all leaves (RFC 9162 §2.1.1). */
export function rootOf(range: CompactRange): Uint8Array {
  return range.size === 0 ? emptyRoot() : foldNodes(range.nodes);
}

/** Reads at most 53 nodes, whatever the size. */
export function rangeFromNodes(size: number, getNode: NodeReader): CompactRange {
  if (!isTreeSize(size)) throw new RangeError(`${size} is no tree size`);
  return { size, nodes: perfectSubtrees(0, size).map(({ level, index }) => getNode(level, index)) };
}
