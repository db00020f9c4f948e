import { describe, expect, test } from 'vitest';
import {
  appendLeaf,
  EMPTY_RANGE,
  emptyRoot,
  leafHash,
  locateNode,
  MAX_TREE_SIZE,
  nodeHash,
  nodeReaderOfRows,
  rangeFromNodes,
  rootOf,
  type CompactRange,
} from '../../../core/merkle/index.ts';
import { toHex } from '../../../core/bytes/index.ts';
import { leavesOf, naiveRoot, storeOf } from './naive-tree.ts';

const LEAVES = leavesOf(300);

/** Every range from empty to all leaves. */
function rangesOf(leaves: readonly Uint8Array[]): CompactRange[] {
  const ranges = [EMPTY_RANGE];
  for (const leaf of leaves) ranges.push(appendLeaf(ranges.at(-1)!, leaf).range);
  return ranges;
}

describe('hashes', () => {
  test('[MT1] a leaf and a node of the same bytes have different hashes', () => {
    const [left, right] = LEAVES as [Uint8Array, Uint8Array];
    expect(leafHash(Uint8Array.from([...left, ...right]))).not.toEqual(nodeHash(left, right));
    expect(toHex(leafHash(new Uint8Array(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  });

  test('[MT1] refuses a child that is not 32 bytes', () => {
    const whole = new Uint8Array(32);
    expect(() => nodeHash(whole, new Uint8Array(31))).toThrow(RangeError);
    expect(() => nodeHash(new Uint8Array(33), whole)).toThrow(RangeError);
  });

  test('[MT2] the root of nothing is SHA-256 of the empty string', () => {
    expect(toHex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(rootOf(EMPTY_RANGE)).toEqual(emptyRoot());
  });
});

describe('compact range', () => {
  test('[MT3] has the root of the recursive definition at every size', () => {
    for (const [size, range] of rangesOf(LEAVES).entries()) {
      expect(range.size).toBe(size);
      expect(rootOf(range), `${size}`).toEqual(naiveRoot(LEAVES.slice(0, size)));
    }
  });

  test('[MT3] appending leaves the range it started from untouched', () => {
    const [, , , three] = rangesOf(LEAVES.slice(0, 3)) as [CompactRange, CompactRange, CompactRange, CompactRange];
    const before = structuredClone(three);
    const first = appendLeaf(three, LEAVES[3]!);
    expect(three).toEqual(before);
    expect(appendLeaf(three, LEAVES[3]!)).toEqual(first);
  });

  test('[MT3] is the same when read back from stored nodes', () => {
    const { getNode } = storeOf(LEAVES);
    for (const [size, range] of rangesOf(LEAVES).entries()) expect(rangeFromNodes(size, getNode)).toEqual(range);
  });

  test('[MT7] refuses a size past 2^53 - 1', () => {
    expect(() => appendLeaf({ size: MAX_TREE_SIZE, nodes: [] }, LEAVES[0]!)).toThrow(RangeError);
    for (const size of [-1, 0.5, MAX_TREE_SIZE + 1, Number.NaN]) {
      expect(() => rangeFromNodes(size, () => LEAVES[0]!), `${size}`).toThrow(RangeError);
    }
  });
});

describe('stored nodes', () => {
  test('[MT4] row i holds one hash for each subtree that leaf i completes, lowest first', () => {
    const { rows } = storeOf(LEAVES);
    for (let level = 0; 2 ** level <= LEAVES.length; level++) {
      const width = 2 ** level;
      for (let index = 0; (index + 1) * width <= LEAVES.length; index++) {
        const { row, byteOffset } = locateNode(level, index);
        const stored = rows[row]!.subarray(byteOffset, byteOffset + 32);
        expect(Buffer.compare(stored, naiveRoot(LEAVES.slice(index * width, (index + 1) * width)))).toBe(0);
      }
    }
    const stored = rows.reduce((bytes, row) => bytes + row.length, 0);
    expect(stored / 32).toBe(300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1);
  });

  test('[MT4] takes a missing or short row for a broken store', () => {
    expect(() => nodeReaderOfRows(() => undefined)(0, 0)).toThrow('tree row 0');
    expect(() => nodeReaderOfRows(() => new Uint8Array(32))(1, 0)).toThrow('tree row 1');
  });
});

describe('sizes above 2^31', () => {
  /** A tree in which every perfect subtree of one height has the same hash, so that any size can be had. */
  const byLevel = [LEAVES[0]!];
  for (let level = 0; level < 53; level++) byLevel.push(nodeHash(byLevel[level]!, byLevel[level]!));
  const getNode = (level: number) => byLevel[level]!;

  test('[MT7] appends and reads back at the edges of 2^31, 2^32 and 2^53', () => {
    for (const size of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 5, 2 ** 52 - 1, MAX_TREE_SIZE - 1]) {
      const grown = appendLeaf(rangeFromNodes(size, getNode), byLevel[0]!);
      expect(grown.range, `${size}`).toEqual(rangeFromNodes(size + 1, getNode));
      expect(grown.completed).toEqual(byLevel.slice(0, grown.completed.length));
      const top = grown.completed.length - 1;
      expect(locateNode(top, (size + 1) / 2 ** top - 1)).toEqual({ row: size, byteOffset: 32 * top });
    }
  });
});
