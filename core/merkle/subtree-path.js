import { isTreeSize, largestPowerAtMost } from './perfect-subtrees.ts';
/**
 * Whether [start, end) can be a node of some tree (`MT6`): not empty, and start a multiple of the smallest power of two that
 * is at least end - start (Merkle Tree Certificates draft, section "Subtrees").
 */
export function isSubtree(start, end) {
    if (!isTreeSize(start) || !isTreeSize(end) || start >= end)
        return false;
    const { power } = largestPowerAtMost(end - start);
    const span = power === end - start ? power : power * 2;
    return start % span === 0;
}
/**
 * The one walk behind all four kinds of proof: an inclusion proof is the path to a subtree of one leaf, a consistency
 * proof the path to the subtree of the first `size1` leaves. Expects `isSubtree(start, end)` and `end <= size`.
 */
export function pathToSubtree(start, end, size) {
    const steps = [];
    let low = 0;
    let high = size;
    let from = start;
    let { power } = largestPowerAtMost(size);
    while (from !== low || end !== high) {
        while (power >= high - low)
            power /= 2;
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
