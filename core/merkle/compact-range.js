import { emptyRoot, MAX_TREE_SIZE, nodeHash } from './hashing.ts';
import { foldNodes, isTreeSize, perfectSubtrees } from './perfect-subtrees.ts';
export const EMPTY_RANGE = { size: 0, nodes: [] };
/** One hash a leaf on average; `range` is left as it was. */
export function appendLeaf(range, leaf) {
    if (range.size >= MAX_TREE_SIZE)
        throw new RangeError('the tree is full');
    const nodes = range.nodes.slice();
    const completed = [leaf];
    let node = leaf;
    for (let rest = range.size; rest % 2 === 1; rest = (rest - 1) / 2) {
        node = nodeHash(nodes.pop(), node);
        completed.push(node);
    }
    nodes.push(node);
    return { range: { size: range.size + 1, nodes }, completed };
}
/** The Merkle tree hash of all leaves (RFC 9162 §2.1.1). */
export function rootOf(range) {
    return range.size === 0 ? emptyRoot() : foldNodes(range.nodes);
}
/** Reads at most 53 nodes, whatever the size. */
export function rangeFromNodes(size, getNode) {
    if (!isTreeSize(size))
        throw new RangeError(`${size} is no tree size`);
    return { size, nodes: perfectSubtrees(0, size).map(({ level, index }) => getNode(level, index)) };
}
