export { appendLeaf, EMPTY_RANGE, rangeFromNodes, rootOf, } from './compact-range.ts';
export { emptyRoot, HASH_BYTES, leafHash, MAX_TREE_SIZE, nodeHash } from './hashing.ts';
export { locateNode, nodeReaderOfRows } from './node-rows.ts';
export { consistencyProof, inclusionProof, subtreeConsistencyProof, subtreeInclusionProof } from './proofs.ts';
export { verifyConsistency, verifyInclusion, verifySubtreeConsistency, verifySubtreeInclusion, } from './verification.ts';
