/**
 * Places in a full binary tree that is stored as an array (RFC 9420 appendix C): leaves at even indexes, parents between
 * them. A tree of 2^d leaves has 2^(d+1) - 1 nodes.
 */

/** 0 for a leaf, one more for each step towards the root. */
function levelOf(node: number): number {
  let level = 0;
  while (((node >> level) & 1) === 1) level++;
  return level;
}

export function nodeOfLeaf(leafIndex: number): number {
  return leafIndex * 2;
}

export function isLeafPlace(node: number): boolean {
  return node % 2 === 0;
}

export function rootOf(nodeCount: number): number {
  return (nodeCount - 1) / 2;
}

/** Of a parent. */
export function childrenOf(node: number): readonly [left: number, right: number] {
  const half = 1 << (levelOf(node) - 1);
  return [node - half, node + half];
}

/** Of any node but the root. */
function parentOf(node: number): number {
  const level = levelOf(node);
  const isRight = (node >> (level + 1)) & 1;
  return (node | (1 << level)) ^ (isRight << (level + 1));
}

/** From the leaf's parent up to the root; none in a tree of one leaf. */
export function directPath(leafIndex: number, nodeCount: number): number[] {
  const path: number[] = [];
  const root = rootOf(nodeCount);
  for (let node = nodeOfLeaf(leafIndex); node !== root;) {
    node = parentOf(node);
    path.push(node);
  }
  return path;
}

/** The child of `parent` that does not lead to the leaf. */
export function copathChild(parent: number, leafIndex: number): number {
  const [left, right] = childrenOf(parent);
  return nodeOfLeaf(leafIndex) < parent ? right : left;
}

export function isBelow(leafIndex: number, node: number): boolean {
  const reach = (1 << levelOf(node)) - 1;
  return Math.abs(nodeOfLeaf(leafIndex) - node) <= reach;
}
