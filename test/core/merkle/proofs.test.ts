import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  MAX_TREE_SIZE,
  nodeHash,
  rangeFromNodes,
  rootOf,
  subtreeConsistencyProof,
  subtreeInclusionProof,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../../core/merkle/index.ts';
import { leavesOf, naiveRoot, storeOf } from './naive-tree.ts';

const MAX_SIZE = 300;
const LEAVES = leavesOf(MAX_SIZE);
const { getNode } = storeOf(LEAVES);
const ROOTS = Array.from({ length: MAX_SIZE + 1 }, (_, size) => rootOf(rangeFromNodes(size, getNode)));
const rootAt = (size: number) => ROOTS[size]!;

const size = fc.integer({ min: 1, max: MAX_SIZE });
const indexAndSize = size.chain((n) => fc.record({ size: fc.constant(n), index: fc.nat(n - 1) }));
const twoSizes = size.chain((n) => fc.record({ size2: fc.constant(n), size1: fc.integer({ min: 1, max: n }) }));
const subtree = fc
  .record({ height: fc.nat(8), at: fc.nat(300), cut: fc.nat(255), size })
  .map(({ height, at, cut, size: n }) => {
    const start = at * 2 ** height;
    const width = Math.max(1, 2 ** height - (cut % Math.max(1, 2 ** (height - 1))));
    return { start, end: start + width, size: n };
  })
  .filter(({ end, size: n }) => end <= n);

/** Everything that a proof can become by one change: a bit, one hash more, less or in another place. */
interface Mutation {
  readonly kind: 'flip' | 'drop' | 'repeat' | 'insert' | 'swap' | 'shorten';
  readonly at: number;
  readonly bit: number;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'drop', 'repeat', 'insert', 'swap', 'shorten'),
  at: fc.nat(60),
  bit: fc.nat(255),
});

/** Undefined where this change can't be made to this proof, or makes no difference. */
function mutate(proof: readonly Uint8Array[], { kind, at, bit }: Mutation): Uint8Array[] | undefined {
  const changed = proof.map((hash) => hash.slice());
  const i = at % Math.max(1, proof.length);
  if (kind === 'insert') return [...changed.slice(0, i), leafHash(Uint8Array.of(bit)), ...changed.slice(i)];
  const hash = changed[i];
  if (hash === undefined) return undefined;
  if (kind === 'flip') hash[bit >> 3] = hash[bit >> 3]! ^ (1 << (bit & 7));
  if (kind === 'drop') changed.splice(i, 1);
  if (kind === 'repeat') changed.splice(i, 0, hash);
  if (kind === 'shorten') changed[i] = hash.subarray(0, 31);
  if (kind === 'swap') {
    const next = changed[i + 1];
    if (next === undefined) return undefined;
    [changed[i], changed[i + 1]] = [next, hash];
  }
  return changed;
}

function expectNoMutationVerifies(
  proof: readonly Uint8Array[],
  change: Mutation,
  verify: (proof: Uint8Array[]) => boolean,
) {
  const mutated = mutate(proof, change);
  if (mutated !== undefined) expect(verify(mutated)).toBe(false);
}

describe('inclusion', () => {
  test('[MT5] verifies for every leaf of every tree up to 64 leaves', () => {
    for (let n = 1; n <= 64; n++) {
      for (let index = 0; index < n; index++) {
        const proof = inclusionProof(index, n, getNode);
        expect(verifyInclusion({ index, size: n, leaf: LEAVES[index]!, root: rootAt(n), proof }), `${index}/${n}`).toBe(
          true,
        );
      }
    }
  });

  test('[MT5] verifies for trees up to 300 leaves, and no mutated proof does', () => {
    fc.assert(
      fc.property(indexAndSize, mutation, ({ index, size: n }, change) => {
        const claim = { index, size: n, leaf: LEAVES[index]!, root: rootAt(n) };
        const proof = inclusionProof(index, n, getNode);
        expect(verifyInclusion({ ...claim, proof })).toBe(true);
        expectNoMutationVerifies(proof, change, (mutated) => verifyInclusion({ ...claim, proof: mutated }));
      }),
      { numRuns: 500 },
    );
  });

  test('[MT5] holds for no other index, leaf or root', () => {
    fc.assert(
      fc.property(indexAndSize, size, fc.nat(MAX_SIZE - 1), ({ index, size: n }, otherSize, other) => {
        fc.pre(other !== index && otherSize !== n);
        const claim = {
          index,
          size: n,
          leaf: LEAVES[index]!,
          root: rootAt(n),
          proof: inclusionProof(index, n, getNode),
        };
        expect(verifyInclusion({ ...claim, index: other })).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: LEAVES[other]! })).toBe(false);
        expect(verifyInclusion({ ...claim, root: rootAt(otherSize) })).toBe(false);
      }),
    );
  });

  test('[MT1] [MT5] takes no node for a leaf: hashes of another length are refused', () => {
    const [left, right] = LEAVES as [Uint8Array, Uint8Array];
    const root = nodeHash(left, right);
    const joined = Uint8Array.from([...left, ...right]);
    expect(verifyInclusion({ index: 0, size: 1, leaf: root, root, proof: [] })).toBe(true);
    expect(verifyInclusion({ index: 0, size: 1, leaf: joined, root: joined, proof: [] })).toBe(false);
    const shifted = { leaf: joined.slice(0, 31), proof: [joined.slice(31)] };
    expect(verifyInclusion({ index: 0, size: 2, root, ...shifted })).toBe(false);
  });

  test('[MT7] is false for an index or size that no tree has', () => {
    const claim = { leaf: LEAVES[0]!, root: LEAVES[0]!, proof: [] };
    expect(verifyInclusion({ ...claim, index: 0, size: 1 })).toBe(true);
    for (const [index, n] of [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0.5, 1],
      [0, MAX_TREE_SIZE + 1],
      [Number.NaN, 1],
    ] as const) {
      expect(verifyInclusion({ ...claim, index, size: n }), `${index}/${n}`).toBe(false);
    }
  });

  test('[MT7] throws when asked to prove a leaf that does not exist', () => {
    for (const [index, n] of [
      [0, 0],
      [5, 5],
      [-1, 5],
      [1.5, 5],
      [0, MAX_TREE_SIZE + 1],
    ] as const) {
      expect(() => inclusionProof(index, n, getNode), `${index}/${n}`).toThrow(RangeError);
    }
  });
});

describe('consistency', () => {
  test('[MT5] verifies between all sizes up to 64', () => {
    for (let size2 = 1; size2 <= 64; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = consistencyProof(size1, size2, getNode);
        const claim = { size1, size2, root1: rootAt(size1), root2: rootAt(size2), proof };
        expect(verifyConsistency(claim), `${size1} to ${size2}`).toBe(true);
      }
    }
  });

  test('[MT5] verifies for trees up to 300 leaves, and no mutated proof does', () => {
    fc.assert(
      fc.property(twoSizes, mutation, ({ size1, size2 }, change) => {
        const claim = { size1, size2, root1: rootAt(size1), root2: rootAt(size2) };
        const proof = consistencyProof(size1, size2, getNode);
        expect(verifyConsistency({ ...claim, proof })).toBe(true);
        expectNoMutationVerifies(proof, change, (mutated) => verifyConsistency({ ...claim, proof: mutated }));
      }),
      { numRuns: 500 },
    );
  });

  test('[MT5] holds for no other root, on either side', () => {
    fc.assert(
      fc.property(twoSizes, size, ({ size1, size2 }, other) => {
        fc.pre(other !== size1 && other !== size2);
        const claim = {
          size1,
          size2,
          root1: rootAt(size1),
          root2: rootAt(size2),
          proof: consistencyProof(size1, size2, getNode),
        };
        expect(verifyConsistency({ ...claim, root1: rootAt(other) })).toBe(false);
        expect(verifyConsistency({ ...claim, root2: rootAt(other) })).toBe(false);
      }),
    );
  });

  test('[MT5] a rewritten entry shows, however early', () => {
    fc.assert(
      fc.property(twoSizes, fc.nat(MAX_SIZE - 1), ({ size1, size2 }, at) => {
        const rewritten = LEAVES.slice(0, size2);
        rewritten[at % size1] = leafHash(Uint8Array.of(1, 2, 3));
        const { getNode: getRewritten } = storeOf(rewritten);
        const claim = { size1, size2, root1: rootAt(size1), root2: naiveRoot(rewritten) };
        expect(verifyConsistency({ ...claim, proof: consistencyProof(size1, size2, getRewritten) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: consistencyProof(size1, size2, getNode) })).toBe(false);
      }),
    );
  });

  test('[MT5] shows nothing against an empty tree or a larger one', () => {
    const claim = { root1: emptyRoot(), root2: rootAt(3), proof: [] };
    expect(verifyConsistency({ ...claim, size1: 0, size2: 3 })).toBe(false);
    expect(verifyConsistency({ ...claim, size1: 0, size2: 0, root2: emptyRoot() })).toBe(false);
    expect(verifyConsistency({ ...claim, size1: 4, size2: 3 })).toBe(false);
    expect(verifyConsistency({ size1: 3, size2: 3, root1: rootAt(3), root2: rootAt(3), proof: [] })).toBe(true);
    for (const [size1, size2] of [
      [0, 3],
      [4, 3],
      [1.5, 3],
    ] as const) {
      expect(() => consistencyProof(size1, size2, getNode), `${size1} to ${size2}`).toThrow(RangeError);
    }
  });
});

describe('subtrees', () => {
  test('[MT6] verify in their tree, and no mutated proof does', () => {
    fc.assert(
      fc.property(subtree, mutation, ({ start, end, size: n }, change) => {
        const claim = { start, end, size: n, subtree: naiveRoot(LEAVES.slice(start, end)), root: rootAt(n) };
        const proof = subtreeConsistencyProof(start, end, n, getNode);
        expect(verifySubtreeConsistency({ ...claim, proof })).toBe(true);
        expectNoMutationVerifies(proof, change, (mutated) => verifySubtreeConsistency({ ...claim, proof: mutated }));
      }),
      { numRuns: 300 },
    );
  });

  test('[MT6] prove each of their leaves on their own', () => {
    fc.assert(
      fc.property(subtree, fc.nat(), ({ start, end }, pick) => {
        const index = start + (pick % (end - start));
        const claim = { index, start, end, leaf: LEAVES[index]!, root: naiveRoot(LEAVES.slice(start, end)) };
        const proof = subtreeInclusionProof(index, start, end, getNode);
        expect(verifySubtreeInclusion({ ...claim, proof })).toBe(true);
        expect(verifySubtreeInclusion({ ...claim, proof, index: start + ((index - start + 1) % (end - start)) })).toBe(
          end - start === 1,
        );
      }),
    );
  });

  test('[MT6] start at a multiple of the power of two that covers them', () => {
    const claim = { size: 16, subtree: LEAVES[0]!, root: LEAVES[0]!, proof: [] };
    for (const [start, end] of [
      [1, 3],
      [2, 5],
      [2, 6],
      [1, 15],
      [3, 1],
      [0, 17],
    ] as const) {
      expect(verifySubtreeConsistency({ ...claim, start, end }), `${start}-${end}`).toBe(false);
      expect(() => subtreeConsistencyProof(start, end, 16, getNode), `${start}-${end}`).toThrow(RangeError);
    }
    expect(() => subtreeInclusionProof(2, 1, 3, getNode)).toThrow(RangeError);
  });
});

describe('sizes above 2^31', () => {
  const byLevel = [LEAVES[0]!];
  for (let level = 0; level < 53; level++) byLevel.push(nodeHash(byLevel[level]!, byLevel[level]!));
  const uniform = (level: number) => byLevel[level]!;
  const large = fc
    .constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52, MAX_TREE_SIZE - 1000)
    .chain((base) => fc.nat(1000).map((add) => base + add));

  test('[MT7] proofs verify up to 2^53 - 1', () => {
    const rootOfSize = (n: number) => rootOf(rangeFromNodes(n, uniform));
    fc.assert(
      fc.property(large, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (n, share) => {
        const index = Math.floor(n * share);
        const inclusion = inclusionProof(index, n, uniform);
        expect(verifyInclusion({ index, size: n, leaf: byLevel[0]!, root: rootOfSize(n), proof: inclusion })).toBe(
          true,
        );
        const size1 = index + 1;
        const proof = consistencyProof(size1, n, uniform);
        expect(verifyConsistency({ size1, size2: n, root1: rootOfSize(size1), root2: rootOfSize(n), proof })).toBe(
          true,
        );
        expect(verifyConsistency({ size1, size2: n, root1: rootOfSize(size1), root2: LEAVES[1]!, proof })).toBe(false);
      }),
    );
  });
});
