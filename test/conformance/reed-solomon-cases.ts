import { hash } from 'node:crypto';
import { equalBytes, ErasureCode, toHex, type ErasureKernel, type KernelBuild, type Stripe } from '../../core/index.ts';
import { kernelsOf } from '../support/erasure-kernels.ts';
import type { ConformanceCase, VectorFiles } from './vectors.ts';

interface ReedSolomonFile {
  readonly dataStream: string;
  readonly vectors: readonly ReedSolomonVector[];
}

interface ReedSolomonVector {
  readonly k: number;
  readonly m: number;
  readonly dataLen: number;
  readonly shardLen: number;
  readonly shardSha256: readonly string[];
}

const STREAM = 'SHA-256("rs-vector"||u32be(counter)) concatenated, truncated to dataLen';
const HASH_BYTES = 32;
/** "rs-vector" and a counter of 32 bits. */
const blockName = Uint8Array.of(...Array.from('rs-vector', (c) => c.charCodeAt(0)), 0, 0, 0, 0);

let stream = new Uint8Array(0);

/** Encoding, and rebuilding the data from the last shards, by each kernel that this runtime has. */
export function reedSolomonCases(files: VectorFiles, builds: readonly KernelBuild[]): ConformanceCase[] {
  const kernels = kernelsOf(builds);
  return Object.entries(files).flatMap(([path, file]) => {
    const { dataStream, vectors } = file as ReedSolomonFile;
    if (dataStream !== STREAM) throw new Error(`${path} is made of other data`);
    return vectors.flatMap((vector) => kernels.map((kernel) => caseOf(path, vector, kernel)));
  });
}

function caseOf(path: string, vector: ReedSolomonVector, kernel: ErasureKernel): ConformanceCase {
  const { k, m, dataLen, shardLen, shardSha256 } = vector;
  return {
    name: `${path} ${k}+${m} ${dataLen} bytes, ${kernel.name}`,
    ask: () => {
      const code = new ErasureCode(kernel, { dataShards: k, totalShards: k + m });
      const stripe = code.openStripe(shardLen);
      stripe.write(streamBytes(dataLen));
      code.encode(stripe);
      const encoded = shardIndexes(stripe).map((index) => stripe.shard(index).slice());
      const lost = Array.from({ length: Math.min(k, m) }, (_, index) => index);
      for (const index of lost) stripe.shard(index).fill(0xa5);
      const present = shardIndexes(stripe).filter((index) => !lost.includes(index));
      const { ok: isRebuilt } = code.reconstruct(stripe, present);
      const isSame = encoded.every((shard, index) => equalBytes(shard, stripe.shard(index)));
      return { shardSha256: encoded.map((shard) => toHex(sha256(shard))), isRebuilt, isSame };
    },
    expected: { shardSha256, isRebuilt: true, isSame: true },
  };
}

function shardIndexes({ shape }: Stripe): number[] {
  return Array.from({ length: shape.totalShards }, (_, index) => index);
}

/** The beginning of one stream, which is made as far as it was asked for. */
function streamBytes(length: number): Uint8Array {
  if (stream.length < length) {
    stream = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
    const counter = new DataView(blockName.buffer);
    for (let at = 0; at < stream.length; at += HASH_BYTES) {
      counter.setUint32(blockName.length - 4, at / HASH_BYTES);
      stream.set(sha256(blockName), at);
    }
  }
  return stream.subarray(0, length);
}

/** The platform's, since a megabyte takes core's own a while in workerd. */
function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}
