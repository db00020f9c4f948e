import type { BlobLayout } from '../../core/index.ts';
import { rowBytes } from './shard-parts.ts';

const MIB = 1_048_576;

/**
 * What the transfers of one isolate hold together: half of what the platform gives it, since a reading around damaged shards takes up
 * to half as much again, and everything else lives there too.
 */
export const TRANSFER_MEMORY_BYTES = 64 * MIB;
/** The last of it is for what a reading can't do without: whoever begins uploads and lets them lie keeps nobody from reading. */
export const READING_RESERVE_BYTES = 16 * MIB;

/**
 * Counts the memory of the blobs that an isolate reads and writes at one time (`UP7`). An isolate that runs out of it ends, and takes
 * with it whatever else it serves: a member with a few slow downloads would do that to strangers.
 */
export class TransferMemory {
  #free = TRANSFER_MEMORY_BYTES;

  /** Bytes that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** For an upload, or for what makes a transfer faster. False where there is none, and nothing is taken. */
  take(bytes: number): boolean {
    return this.#take(bytes, READING_RESERVE_BYTES);
  }

  /** For what a reading can't do without. */
  takeForReading(bytes: number): boolean {
    return this.#take(bytes, 0);
  }

  /** What was taken, once. */
  give(bytes: number): void {
    this.#free += bytes;
  }

  #take(bytes: number, left: number): boolean {
    if (this.#free - bytes < left) return false;
    this.#free -= bytes;
    return true;
  }
}

/** What an upload can't do without: a row, and what is read back of those before where it goes on behind some (`UP3`). */
export function uploadMemory(layout: BlobLayout, offset: number): number {
  return rowBytes(layout) * (offset > 0 ? 2 : 1);
}

/** What a reading can't do without: the data of a stripe. */
export function readingMemory({ dataShards, cellBytes }: BlobLayout): number {
  return dataShards * cellBytes;
}
