import { createHash } from 'node:crypto';
import { appendLeaf, EMPTY_RANGE, leafHash, nodeReaderOfRows, type NodeReader } from '../../../core/merkle/index.ts';

/** The definition of RFC 9162 §2.1.1 word for word, with another hash implementation: slow and hard to get wrong. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return hash();
  const [only] = leaves;
  if (only !== undefined && leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return hash(Uint8Array.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(part);
  return new Uint8Array(sha256.digest());
}

export function leavesOf(size: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => leafHash(Uint8Array.of(i & 0xff, i >> 8)));
}

/** Rows as the relay stores them, and the reader over them. */
export function storeOf(leaves: readonly Uint8Array[]): {
  readonly rows: readonly Uint8Array[];
  readonly getNode: NodeReader;
} {
  let range = EMPTY_RANGE;
  const rows = leaves.map((leaf) => {
    const appended = appendLeaf(range, leaf);
    range = appended.range;
    return new Uint8Array(Buffer.concat(appended.completed));
  });
  return { rows, getNode: nodeReaderOfRows((row) => rows[row]) };
}
