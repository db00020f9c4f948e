import { hashOfRange, isTreeSize } from './perfect-subtrees.ts';
import { isSubtree, pathToSubtree } from './subtree-path.ts';
/**
 * Proofs of RFC 9162 §2.1.3 and §2.1.4, and of subtrees (Merkle Tree Certificates draft, section "Subtrees"), as hashes
 * from the bottom up. Each reads O(log² size) stored nodes at most. Asking for what can't exist is a broken invariant and
 * throws: whoever takes an index or size from outside checks it against the tree first.
 */
/** Proves leaf `index` in the tree of `size` leaves, index < size. */
export function inclusionProof(index, size, getNode) {
    return subtreeConsistencyProof(index, index + 1, size, getNode);
}
/** Proves that the first `size1` leaves of the tree of `size2` are the tree of `size1`; 1 <= size1 <= size2. */
export function consistencyProof(size1, size2, getNode) {
    return subtreeConsistencyProof(0, size1, size2, getNode);
}
/** Proves leaf `index` in the subtree [start, end) alone. */
export function subtreeInclusionProof(index, start, end, getNode) {
    if (!isSubtree(start, end))
        throw new RangeError(`[${start}, ${end}) is no subtree`);
    return inclusionProof(index - start, end - start, (level, at) => getNode(level, at + start / 2 ** level));
}
/** Proves that the subtree [start, end) is part of the tree of `size` leaves. */
export function subtreeConsistencyProof(start, end, size, getNode) {
    if (!isTreeSize(size) || !isSubtree(start, end) || end > size) {
        throw new RangeError(`no proof of [${start}, ${end}) in a tree of ${size}`);
    }
    const path = pathToSubtree(start, end, size);
    const proof = path.steps.map((step) => hashOfRange(step.siblingStart, step.siblingEnd, getNode));
    // A verifier that knows the whole subtree has its hash; one that was split knows only the parts' sum.
    if (path.isSplit)
        proof.push(hashOfRange(path.bottomStart, path.bottomEnd, getNode));
    return proof.reverse();
}
