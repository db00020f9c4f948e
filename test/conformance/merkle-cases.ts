import { fromBase64 } from '../../core/bytes/index.ts';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../core/merkle/index.ts';
import type { ConformanceCase, VectorFiles } from './vectors.ts';

/** The four shapes of a vector have these fields between them. A uint64 past 2^53 - 1 is a string. */
interface MerkleVector {
  readonly leafIdx?: number | string;
  readonly treeSize?: number | string;
  readonly start?: number | string;
  readonly end?: number | string;
  readonly size?: number | string;
  readonly size1?: number | string;
  readonly size2?: number | string;
  readonly root?: string;
  readonly root1?: string;
  readonly root2?: string;
  readonly leafHash?: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const VERIFIERS: Readonly<Record<string, (vector: MerkleVector) => boolean>> = {
  inclusion: (v) =>
    verifyInclusion({
      index: Number(v.leafIdx),
      size: Number(v.treeSize),
      leaf: bytesOf(v.leafHash),
      root: bytesOf(v.root),
      proof: proofOf(v),
    }),
  consistency: (v) =>
    verifyConsistency({
      size1: Number(v.size1),
      size2: Number(v.size2),
      root1: bytesOf(v.root1),
      root2: bytesOf(v.root2),
      proof: proofOf(v),
    }),
  subtreeinclusion: (v) =>
    verifySubtreeInclusion({
      index: Number(v.leafIdx),
      start: Number(v.start),
      end: Number(v.end),
      leaf: bytesOf(v.leafHash),
      root: bytesOf(v.root),
      proof: proofOf(v),
    }),
  subtreeconsistency: (v) =>
    verifySubtreeConsistency({
      start: Number(v.start),
      end: Number(v.end),
      size: Number(v.size),
      subtree: bytesOf(v.root1),
      root: bytesOf(v.root2),
      proof: proofOf(v),
    }),
};

/** The kind of proof is the name of a folder on the vector's path. */
export function merkleCases(files: VectorFiles): ConformanceCase[] {
  return Object.entries(files).map(([path, file]) => {
    const vector = file as MerkleVector;
    const kind = path.split(/[/\\]/).find((part) => part in VERIFIERS);
    return {
      name: path,
      ask: () => (kind === undefined ? `no verifier for ${path}` : VERIFIERS[kind]?.(vector)),
      expected: !vector.wantErr,
    };
  });
}

function proofOf(vector: MerkleVector): Uint8Array[] {
  return (vector.proof ?? []).map(bytesOf);
}

function bytesOf(base64: string | undefined): Uint8Array {
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (bytes === undefined) throw new Error(`a vector holds ${String(base64)} for base64`);
  return bytes;
}
