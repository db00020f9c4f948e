import { isTreeSize, largestPowerAtMost } from './perfect-subtrees.ts';

/**
 * One node on the way from the root of a tree down to a subtree, seen from above:
 * - `left`: the subtree lies in the left child, the right one is its sibling;
 * - `right`: the other way round;
 * - `split`: the subtree covers all of the left child and goes on in the right one.
 * The sibling spans leaves [siblingStart, siblingEnd).
 */
export interface PathStep {
  readonly kind: 'left' | 'right' | 'split';
  readonly siblingStart: number;
  readonly siblingEnd: number;
}

export interface SubtreePath {
  /** From the root downward, at most 53. */
  readonly steps: readonly PathStep[];
  /** The node where the way ends. It is the subtree itself unless the way was split; then it is the subtree's right end. */
  readonly bottomStart: number;
  readonly bottomEnd: number;
  readonly isSplit: boolean;
}

/**
 * Whether [start, end) can be a node of some tree (`MT6`): not empty, and start a multiple of the smallest power of two that
 * is at least end - start (Merkle Tree Certificates draft, section "Subtrees").
 */
export function isSubtree(start: number, end: number): boolean {
  if (!isTreeSize(start) || !isTreeSize(end) || start >= end) return false;
  const { power } = largestPowerAtMost(end - start);
  const span = power === end - start ? power : power * 2;
  return start % span === 0;
}

/**
 * The one walk behind all four kinds of proof: an inclusion proof is the path to a subtree of one leaf, a consistency
 * proof the path to the subtree of the first `size1` leaves. Expects `isSubtree(start, end)` and `end <= size`.
 */
export function pathToSubtree(start: number, end: number, size: number): SubtreePath {
  const steps: PathStep[] = [];
  let low = 0;
  let high = size;
  let from = start;
  let { power } = largestPowerAtMost(size);
  while (from !== low || end !== high) {
    while (power >= high - low) power /= 2;
    const middle = low + power;
    if (end <= middle) {
      steps.push({ kind: 'left', siblingStart: middle, siblingEnd: high });
      high = middle;
      continue;
    }
    steps.push({ kind: from >= middle ? 'right' : 'split', siblingStart: low, siblingEnd: middle });
    from = Math.max(from, middle);
    low = middle;
  }
  return { steps, bottomStart: low, bottomEnd: high, isSplit: from !== start };
}
