import { equalBytes } from '../bytes/index.ts';
import { emptyRoot, HASH_BYTES, nodeHash } from './hashing.ts';
import { isTreeSize } from './perfect-subtrees.ts';
import { isSubtree, pathToSubtree } from './subtree-path.ts';
/**
 * The verifying side of RFC 9162 §2.1.3.2 and §2.1.4.2, and of subtrees. Everything comes from outside: nothing here
 * throws, and whatever does not fit — sizes, lengths, one hash too many — is `false`.
 */
/** Whether `proof` shows that `leaf` (a leaf hash) is leaf `index` of the tree of `size` leaves under `root` (`MT5`). */
export function verifyInclusion(claim) {
    const { index, size, leaf, root, proof } = claim;
    return verifySubtreeInclusion({ index, start: 0, end: size, leaf, root, proof });
}
/** Whether `proof` shows `leaf` at `index` of the subtree [start, end), whose hash is `root`. */
export function verifySubtreeInclusion(claim) {
    const { index, start, end, leaf, root, proof } = claim;
    if (!isSubtree(start, end) || !isTreeSize(index) || index < start || index >= end)
        return false;
    if (leaf.length !== HASH_BYTES)
        return false;
    const at = index - start;
    return reachesRoots(at, at + 1, end - start, { subtree: leaf, root, proof });
}
/**
 * Whether `proof` shows that the tree of `size1` leaves under `root1` is the beginning of the tree of `size2` under
 * `root2`. Against an empty tree nothing can be shown, so size1 = 0 is `false` (`MT5`).
 */
export function verifyConsistency(claim) {
    const { size1, size2, root1, root2, proof } = claim;
    if (size1 === 0)
        return false;
    return verifySubtreeConsistency({ start: 0, end: size1, size: size2, subtree: root1, root: root2, proof });
}
/**
 * Whether `proof` shows that the subtree [start, end) with hash `subtree` is part of the tree of `size` leaves under `root`.
 * An empty subtree is part of every tree: its hash is the empty root and its proof has no hashes.
 */
export function verifySubtreeConsistency(claim) {
    const { start, end, size, subtree, root, proof } = claim;
    if (!isTreeSize(start) || !isTreeSize(end) || !isTreeSize(size) || end > size)
        return false;
    if (start === end)
        return proof.length === 0 && equalBytes(subtree, emptyRoot());
    return isSubtree(start, end) && reachesRoots(start, end, size, { subtree, root, proof });
}
/** Climbs from the bottom of the path, building the subtree's hash and the tree's root side by side. */
function reachesRoots(start, end, size, { subtree, root, proof }) {
    const { steps, isSplit } = pathToSubtree(start, end, size);
    const siblings = isSplit ? proof.slice(1) : proof;
    const bottom = isSplit ? proof[0] : subtree;
    if (bottom === undefined || siblings.length !== steps.length)
        return false;
    if (steps.length > 0 && ![bottom, ...siblings].every((hash) => hash.length === HASH_BYTES))
        return false;
    let inSubtree = bottom;
    let inTree = bottom;
    for (const [i, sibling] of siblings.entries()) {
        const step = steps[steps.length - 1 - i];
        if (step.kind === 'split')
            inSubtree = nodeHash(sibling, inSubtree);
        inTree = step.kind === 'left' ? nodeHash(inTree, sibling) : nodeHash(sibling, inTree);
    }
    return equalBytes(inSubtree, subtree) && equalBytes(inTree, root);
}
