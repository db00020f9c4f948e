import fc from 'fast-check';
import {
  BlobEncoder,
  BlobReader,
  bodyBytes,
  cellRange,
  concatBytes,
  ErasureCode,
  leafHash,
  loadPortableKernel,
  shardHeader,
  encode,
  sha256,
  stripePartsOf,
  type BlobDescriptor,
  type CodeParameters,
  type StripePart,
} from '../../../core/index.ts';
import { openWebKernel } from '../../../sdk/erasure-kernel.ts';
import { naiveRoot } from '../merkle/naive-tree.ts';

const kernel = await openWebKernel();

/** One kernel for all of them, as in an isolate that serves many. */
export function codeOf(dataShards: number, totalShards: number): ErasureCode {
  return new ErasureCode(kernel, { dataShards, totalShards });
}

/** A blob as nodes keep it. */
export interface StoredBlob {
  readonly descriptor: BlobDescriptor;
  /** Each shard whole: cells and tail. */
  readonly shards: readonly Uint8Array[];
}

/** Bytes that differ everywhere, so that none can stand for another. */
export function someBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1 + seed * 7919, 2_654_435_761) >>> 22);
}

/** Encodes a blob that comes in pieces, the last of them as long as is left. */
export function storeBlob(
  code: ErasureCode,
  blob: Uint8Array,
  cellBytes: number,
  pieces: readonly number[] = [],
): StoredBlob {
  const encoder = new BlobEncoder(code, blob.length, cellBytes);
  const shards: Uint8Array[][] = Array.from({ length: code.parameters.totalShards }, () => []);
  let at = 0;
  for (const length of [...pieces, blob.length]) {
    for (const { cells } of encoder.write(blob.subarray(at, at + length))) {
      for (const [index, cell] of cells.entries()) shards[index]!.push(cell.slice());
    }
    at += length;
  }
  const { descriptor, tails } = encoder.finish();
  return { descriptor, shards: shards.map((cells, index) => concatBytes(...cells, tails[index]!)) };
}

/** Asks only these shards, for no more than a part needs while that is enough. Throws where the part can't be read. */
export function readFrom(
  code: ErasureCode,
  { descriptor, shards }: StoredBlob,
  asked: readonly number[],
  range?: { readonly start: number; readonly end: number },
): { bytes: Uint8Array; erased: Set<number> } {
  const { reader, damaged } = openReader(code, { descriptor, shards }, asked);
  const erased = new Set(damaged);
  const pieces: Uint8Array[] = [];
  for (const part of stripePartsOf(descriptor.layout, range?.start ?? 0, range?.end ?? descriptor.layout.blobBytes)) {
    const needed = part.spans.map(({ shard }) => shard).filter((shard) => reader.opened.includes(shard));
    let read = reader.readPart(part, cellsOf(reader, shards, part, needed));
    if (!read.ok) read = reader.readPart(part, cellsOf(reader, shards, part, reader.opened));
    if (!read.ok) throw new Error(read.error.code);
    for (const index of read.value.erased) erased.add(index);
    pieces.push(...read.value.pieces);
  }
  return { bytes: concatBytes(...pieces), erased };
}

/** A reader with these shards open, and those that could not be. */
export function openReader(
  code: ErasureCode,
  { descriptor, shards }: StoredBlob,
  asked: readonly number[],
): { reader: BlobReader; damaged: number[] } {
  const reader = new BlobReader(code, descriptor);
  const body = bodyBytes(descriptor.layout);
  const damaged = asked.filter((index) => !reader.openShard(index, shards[index]!.subarray(body)).ok);
  return { reader, damaged };
}

export function cellsOf(
  { descriptor }: BlobReader,
  shards: readonly Uint8Array[],
  { stripe }: Pick<StripePart, 'stripe'>,
  indexes: readonly number[],
): Map<number, Uint8Array> {
  const { start, end } = cellRange(descriptor.layout, stripe);
  return new Map(indexes.map((index) => [index, shards[index]!.subarray(start, end)]));
}

/** All choices of `count` of the indexes below `total`. */
export function choicesOf(total: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (count > total) return [];
  const withLast = choicesOf(total - 1, count - 1).map((choice) => [...choice, total - 1]);
  return [...choicesOf(total - 1, count), ...withLast];
}

/** Shards and root written out from the rules, byte by byte, by the portable kernel. */
export function naiveBlob(
  blob: Uint8Array,
  code: CodeParameters,
  cellBytes: number,
): { bodies: Buffer[]; root: Uint8Array } {
  const { dataShards: k, totalShards: n } = code;
  const erasure = new ErasureCode(loadPortableKernel(), code);
  const bodies = Array.from({ length: n }, () => [] as Buffer[]);
  for (let at = 0; at < blob.length; at += k * cellBytes) {
    const data = blob.subarray(at, at + k * cellBytes);
    const stripe = erasure.openStripe(Math.ceil(data.length / k));
    stripe.write(data);
    erasure.encode(stripe);
    for (let index = 0; index < n; index++) bodies[index]!.push(Buffer.from(stripe.shard(index)));
  }
  const layout = { dataShards: k, totalShards: n, cellBytes, blobBytes: blob.length };
  const headers = bodies.map((cells, index) => {
    const cellsRoot = naiveRoot(cells.map((cell) => leafHash(sha256(cell))));
    return encode(shardHeader, { version: 1, layout, index, cellsRoot });
  });
  return {
    bodies: bodies.map((cells) => Buffer.concat(cells)),
    root: naiveRoot(headers.map((header) => leafHash(header))),
  };
}

/** Small codes, cells and blobs of a few stripes, with lengths at and around the ends of cells and stripes. */
export const blobCase = fc
  .record({ totalShards: fc.integer({ min: 2, max: 9 }), cellBytes: fc.constantFrom(64, 128) })
  .chain(({ totalShards, cellBytes }) =>
    fc.record({
      totalShards: fc.constant(totalShards),
      cellBytes: fc.constant(cellBytes),
      dataShards: fc.integer({ min: 1, max: totalShards - 1 }),
    }),
  )
  .chain((shape) => {
    const stripe = shape.dataShards * shape.cellBytes;
    const near = fc
      .record({
        stripes: fc.integer({ min: 0, max: 3 }),
        cells: fc.integer({ min: 0, max: shape.dataShards }),
        off: fc.integer({ min: -2, max: 2 }),
      })
      .map(({ stripes, cells, off }) => Math.max(1, stripes * stripe + cells * shape.cellBytes + off));
    return fc.record({
      shape: fc.constant(shape),
      blobBytes: fc.oneof(near, fc.integer({ min: 1, max: 3 * stripe })),
      pieces: fc.array(fc.integer({ min: 0, max: stripe + 5 }), { maxLength: 4 }),
    });
  });
