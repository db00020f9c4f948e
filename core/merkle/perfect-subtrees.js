import { MAX_TREE_SIZE, nodeHash } from './hashing.ts';
/** Halving and doubling stand in for shifts throughout, since JavaScript's shifts stop at 2^31. */
export function largestPowerAtMost(size) {
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
export function perfectSubtrees(start, end) {
    const positions = [];
    if (start === end)
        return positions;
    let { power, level } = largestPowerAtMost(end - start);
    for (let at = start; at < end; power /= 2, level--) {
        if (power > end - at)
            continue;
        positions.push({ level, index: at / power });
        at += power;
    }
    return positions;
}
/** The hash of leaves [start, end), not empty: an inner node of a tree, complete or not. */
export function hashOfRange(start, end, getNode) {
    return foldNodes(perfectSubtrees(start, end).map(({ level, index }) => getNode(level, index)));
}
/** Joins perfect subtrees, largest first, into the one node above them. At least one. */
export function foldNodes(nodes) {
    const last = nodes.at(-1);
    if (last === undefined)
        throw new RangeError('no node to fold');
    let hash = last;
    for (let i = nodes.length - 2; i >= 0; i--)
        hash = nodeHash(nodes[i], hash);
    return hash;
}
export function isTreeSize(value) {
    return Number.isSafeInteger(value) && value >= 0 && value <= MAX_TREE_SIZE;
}
