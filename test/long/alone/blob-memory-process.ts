/**
 * blob-memory-process FOLDER BYTES: cuts a blob into shards in files of the folder, reads it back without two of the data shards, and
 * prints how much memory that took beyond what the process had before, with all that compiling and collecting need.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  BlobEncoder,
  BlobReader,
  bodyBytes,
  cellRange,
  ErasureCode,
  stripePartsOf,
  tailBytes,
  useSha256,
  type BlobDescriptor,
} from '../../../core/index.ts';
import { openWebKernel } from '../../../sdk/erasure-kernel.ts';
import { nodeSha256 } from '../../../sdk/node/node-crypto.ts';

/** How much comes at a time: not a divisor of anything. */
const PIECE_BYTES = 100_003;
const TOTAL_SHARDS = 6;
/** As many data shards are lost as there is parity. */
const LEFT = [2, 3, 4, 5];

const [folder = '', length = ''] = process.argv.slice(2);
useSha256(nodeSha256);
const code = new ErasureCode(await openWebKernel(), { dataShards: 4, totalShards: TOTAL_SHARDS });
const paths = Array.from({ length: TOTAL_SHARDS }, (_, index) => join(folder, `shard-${index}`));

const before = process.memoryUsage().rss;
let peak = before;
console.log(JSON.stringify({ ...roundTrip(Number(length)), workingBytes: peak - before }));

/** Writes and reads; says whether what was read is what was written. */
function roundTrip(blobBytes: number): { isSame: boolean } {
  const written = createHash('sha256');
  const read = createHash('sha256');
  readBlob(writeBlob(blobBytes, written), read);
  return { isSame: written.digest('hex') === read.digest('hex') };
}

function writeBlob(blobBytes: number, hash: Hash): BlobDescriptor {
  const files = paths.map((path) => openSync(path, 'w'));
  const encoder = new BlobEncoder(code, blobBytes);
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let at = 0; at < blobBytes; at += PIECE_BYTES) {
    const piece = buffer.subarray(0, blobBytes - at);
    fillWithNoise(piece, at);
    hash.update(piece);
    for (const { cells } of encoder.write(piece)) {
      for (const [index, cell] of cells.entries()) writeSync(files[index]!, cell);
      sampleMemory();
    }
  }
  const { descriptor, tails } = encoder.finish();
  for (const [index, tail] of tails.entries()) writeSync(files[index]!, tail);
  files.forEach(closeSync);
  return descriptor;
}

function readBlob(descriptor: BlobDescriptor, hash: Hash): void {
  const { layout } = descriptor;
  const reader = new BlobReader(code, descriptor);
  const files = new Map(LEFT.map((index) => [index, openSync(paths[index]!, 'r')]));
  const buffers = new Map(LEFT.map((index) => [index, new Uint8Array(layout.cellBytes)]));
  const tail = new Uint8Array(tailBytes(layout));
  const room = new Uint8Array(layout.dataShards * layout.cellBytes);
  for (const [index, file] of files) {
    readSync(file, tail, { position: bodyBytes(layout) });
    if (!reader.openShard(index, tail).ok) throw new Error(`shard ${index} is damaged`);
  }
  for (const part of stripePartsOf(layout, 0, layout.blobBytes)) {
    const { start, end } = cellRange(layout, part.stripe);
    const cells = LEFT.map((index) => {
      const cell = buffers.get(index)!.subarray(0, end - start);
      readSync(files.get(index)!, cell, { position: start });
      return [index, cell] as const;
    });
    const result = reader.readPart(part, new Map(cells), room);
    if (!result.ok) throw new Error(result.error.code);
    for (const piece of result.value.pieces) hash.update(piece);
    sampleMemory();
  }
  for (const file of files.values()) closeSync(file);
}

function sampleMemory(): void {
  peak = Math.max(peak, process.memoryUsage().rss);
}

/** Bytes that no two places of the blob share. */
function fillWithNoise(piece: Uint8Array, at: number): void {
  for (let i = 0; i < piece.length; i++) piece[i] = Math.imul(at + i + 1, 2_654_435_761) >>> 22;
}
