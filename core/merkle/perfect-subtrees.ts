import { MAX_TREE_SIZE, nodeHash } from './hashing.ts';

/**
 * Reads the root of the perfect subtree over leaves `index * 2^level` to `(index + 1) * 2^level - 1`. It is asked only for
 * subtrees whose leaves all exist, and throws where it can't answer.
 */
export type NodeReader = (level: number, index: number) => Uint8Array;

export interface NodePosition {
  readonly level: number;
  readonly index: number;
}

/** Halving and doubling stand in for shifts throughout, since JavaScript's shifts stop at 2^31. */
export function largestPowerAtMost(size: number): { readonly power: number; readonly level: number } {
  let power = 1;
  let level = 0;
  while (power <= size / 2) {
    power *= 2;
    level++;
  }
  return { power, level };
}

/**
 * The perfect subtrees that make up leaves [start, end), largest first. `start` is a multiple of the smallest power of
 * two that covers the range, as it is for every node of a tree.
 */
export function perfectSubtrees(start: number, end: number): NodePosition[] {
  const positions: NodePosition[] = [];
  if (start === end) return positions;
  let { power, level } = largestPowerAtMost(end - start);
  for (let at = start; at < end; power /= 2, level--) {
    if (power > end - at) continue;
    positions.push({ level, index: at / power });
    at += power;
  }
  return positions;
}

/** The hash of leaves [start, end), not empty: an inner node of a tree, complete or not. */
export function hashOfRange(start: number, end: number, getNode: NodeReader): Uint8Array {
  return foldNodes(perfectSubtrees(start, end).map(({ level, index }) => getNode(level, index)));
}

/** Joins perfect subtrees, largest first, into the one node above them. At least one. */
export function foldNodes(nodes: readonly Uint8Array[]): Uint8Array {
  const last = nodes.at(-1);
  if (last === undefined) throw new RangeError('no node to fold');
  let hash = last;
  for (let i = nodes.length - 2; i >= 0; i--) hash = nodeHash(nodes[i] as Uint8Array, hash);
  return hash;
}

export function isTreeSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_TREE_SIZE;
}
