import { equalBytes } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import type { ErasureCode, TooFewShards } from '../erasure/index.ts';
import { err, ok, type Result } from '../result.ts';
import type { BlobDescriptor } from './descriptor.ts';
import { inconsistency, type InconsistentBlob } from './inconsistency.ts';
import { cellRange, isBlobLayout } from './layout.ts';
import { hashAt, parseShardTail, type DamagedShard, type ShardTail } from './shard-tail.ts';
import type { StripePart } from './stripe-part.ts';

/** Cells of one stripe, by the index of their shard, as nodes gave them. */
export type Cells = ReadonlyMap<number, Uint8Array>;

/** What came of one stripe. */
export interface ReadCells {
  /** Those that were wanted, in that order: what was given, or computed. */
  readonly cells: readonly Uint8Array[];
  /** The shards from which some were computed; none where all were at hand. */
  readonly from: readonly number[];
  /** Shards whose cell is not the one that was written: for the repair to know. */
  readonly erased: readonly number[];
}

/** Bytes of the blob from one stripe. */
export interface ReadPart {
  /** One for each span of the part. */
  readonly pieces: readonly Uint8Array[];
  readonly erased: readonly number[];
}

/** Why a stripe gives nothing: ask other nodes, or nobody can read it. */
export type StripeRefusal = (TooFewShards & { readonly erased: readonly number[] }) | InconsistentBlob;

/** What is computed of a stripe, from what, and where it goes. */
interface Reconstruction {
  readonly good: Cells;
  readonly from: readonly number[];
  readonly missing: readonly number[];
  readonly room: Uint8Array | undefined;
}

/**
 * Reads a blob from any shards of it that are enough (`BL6` to `BL9`). What nodes give is believed only as far as it is under
 * the blob's root. Keeps hashes alone; stripes are read in any order, each by itself.
 */
export class BlobReader {
  readonly descriptor: BlobDescriptor;
  readonly #code: ErasureCode;
  readonly #tails = new Map<number, Omit<ShardTail, 'header'>>();

  /** The code has as many shards as the blob; another throws. */
  constructor(code: ErasureCode, descriptor: BlobDescriptor) {
    const { dataShards, totalShards } = code.parameters;
    const { layout } = descriptor;
    if (!isBlobLayout(layout) || layout.dataShards !== dataShards || layout.totalShards !== totalShards) {
      throw new RangeError('the blob is of another code');
    }
    this.#code = code;
    this.descriptor = descriptor;
  }

  /** Shards whose tail was found good, rising. */
  get opened(): number[] {
    return [...this.#tails.keys()].sort((a, b) => a - b);
  }

  /** Takes the tail of a shard, before any of its cells. A damaged one is a shard less, and no more than that (`BL5`). */
  openShard(index: number, tail: Uint8Array): Result<void, DamagedShard> {
    const parsed = parseShardTail(tail, this.descriptor, index);
    if (!parsed.ok) return parsed;
    // The hashes outlive the buffer that they came in.
    const { cellHashes, shardHashes } = parsed.value;
    this.#tails.set(index, { cellHashes: cellHashes.slice(), shardHashes: shardHashes.slice() });
    return ok(undefined);
  }

  /**
   * The bytes of a part, from its own cells where they are good, or else from any that are enough (`BL7`). For `room` see
   * `readCells`.
   */
  readPart({ stripe, spans }: StripePart, given: Cells, room?: Uint8Array): Result<ReadPart, StripeRefusal> {
    const wanted = spans.map(({ shard }) => shard);
    const read = this.readCells(stripe, given, wanted, room);
    if (!read.ok) return read;
    const { cells, erased } = read.value;
    return ok({ pieces: spans.map(({ start, end }, i) => (cells[i] as Uint8Array).subarray(start, end)), erased });
  }

  /**
   * The wanted cells of a stripe, of data or parity (`BL7`). Given cells are of shards that were opened. One that was
   * computed is compared with its hash where its shard was opened; for others `RebuiltShard` compares the whole shard.
   *
   * Computed cells are written to `room`, which has place for all that are wanted, or else to memory of their own. Who reads
   * a large blob gives the same room for each stripe, when done with the one before.
   */
  readCells(
    stripe: number,
    given: Cells,
    wanted: readonly number[],
    room?: Uint8Array,
  ): Result<ReadCells, StripeRefusal> {
    const { good, erased } = this.#sortCells(stripe, given);
    const missing = wanted.filter((index) => !good.has(index));
    if (missing.length === 0)
      return ok({ cells: wanted.map((index) => good.get(index) as Uint8Array), from: [], erased });
    const from = [...good.keys()].sort((a, b) => a - b).slice(0, this.descriptor.layout.dataShards);
    const computed = this.#reconstruct(stripe, { good, from, missing, room });
    if (!computed.ok) return err({ ...computed.error, erased });
    for (const [index, cell] of computed.value) {
      const fault = this.#contradiction(stripe, { index, cell, from });
      if (fault !== undefined) return err(fault);
      good.set(index, cell);
    }
    return ok({ cells: wanted.map((index) => good.get(index) as Uint8Array), from, erased });
  }

  /** The hashes of all shards in a row, as the blob's root has them. Some shard is open, or it throws. */
  get shardHashes(): Uint8Array {
    const [tail] = this.#tails.values();
    if (tail === undefined) throw new Error('no shard is open');
    return tail.shardHashes;
  }

  #sortCells(stripe: number, given: Cells): { good: Map<number, Uint8Array>; erased: number[] } {
    const { start, end } = cellRange(this.descriptor.layout, stripe);
    const good = new Map<number, Uint8Array>();
    const erased: number[] = [];
    for (const [index, cell] of given) {
      const tail = this.#tails.get(index);
      if (tail === undefined) throw new RangeError(`shard ${index} is not open`);
      // The length first: a node that sends more is not to cost a hash of it all.
      const isGood = cell.length === end - start && equalBytes(sha256(cell), hashAt(tail.cellHashes, stripe));
      if (isGood) good.set(index, cell);
      else erased.push(index);
    }
    return { good, erased };
  }

  /** Within one call, so that the kernel's memory is nobody's while a caller waits. */
  #reconstruct(
    stripe: number,
    { good, from, missing, room }: Reconstruction,
  ): Result<Map<number, Uint8Array>, TooFewShards> {
    const { start, end } = cellRange(this.descriptor.layout, stripe);
    const cellBytes = end - start;
    const encoded = this.#code.openStripe(cellBytes);
    for (const index of from) encoded.shard(index).set(good.get(index) as Uint8Array);
    const result = this.#code.reconstruct(encoded, from, missing);
    if (!result.ok) return result;
    const target = room ?? new Uint8Array(missing.length * cellBytes);
    const computed = missing.map((index, i) => {
      const cell = target.subarray(i * cellBytes, (i + 1) * cellBytes);
      cell.set(encoded.shard(index));
      return [index, cell] as const;
    });
    return ok(new Map(computed));
  }

  /** The evidence, where a computed cell is not the one that its shard is committed to (`BL8`). */
  #contradiction(
    stripe: number,
    { index, cell, from }: { index: number; cell: Uint8Array; from: readonly number[] },
  ): InconsistentBlob | undefined {
    const tail = this.#tails.get(index);
    if (tail === undefined) return undefined;
    const [committed, computed] = [hashAt(tail.cellHashes, stripe), sha256(cell)];
    if (equalBytes(committed, computed)) return undefined;
    return inconsistency(this.descriptor, { from, shard: index, stripe, committed, computed });
  }
}
