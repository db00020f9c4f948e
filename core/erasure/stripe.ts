import { BLOCK_BYTES, type ErasureKernel, type Room } from './kernel.ts';

/** The size of a stripe's shards, and how many there are: of data, and with parity. */
export interface StripeShape {
  readonly dataShards: number;
  readonly totalShards: number;
  readonly shardBytes: number;
}

/** How many bytes each of `dataShards` has where they hold `bytes` between them (`RS3`). */
export function shardBytesFor(bytes: number, dataShards: number): number {
  return Math.ceil(bytes / dataShards);
}

/**
 * The shards of one stripe, data before parity, where the kernel works on them. A kernel has one stripe at a time; with an
 * older one it throws.
 */
export class Stripe {
  readonly room: Room;
  readonly shape: StripeShape;
  /** From the beginning of one shard to the next: the shard's bytes, rounded up to whole blocks. */
  readonly #stride: number;

  /** Shards have at least one byte. What is in them is undefined until it is written. */
  constructor(kernel: ErasureKernel, shape: StripeShape) {
    if (!(Number.isSafeInteger(shape.shardBytes) && shape.shardBytes > 0)) throw new RangeError('a shard has bytes');
    this.shape = shape;
    this.#stride = Math.ceil(shape.shardBytes / BLOCK_BYTES) * BLOCK_BYTES;
    this.room = kernel.reserve(this.#stride * shape.totalShards);
  }

  /** Bytes that are multiplied of each shard: its own and what fills the last block. */
  get stride(): number {
    return this.#stride;
  }

  /** Where shards begin in the room. */
  offsetsOf(indexes: readonly number[]): number[] {
    return indexes.map((index) => index * this.#stride);
  }

  /** A view of the shard, to read and to write, for as long as the stripe is the kernel's newest. */
  shard(index: number): Uint8Array {
    const { shardBytes, totalShards } = this.shape;
    if (!(Number.isInteger(index) && index >= 0 && index < totalShards)) throw new RangeError(`no shard ${index}`);
    const start = index * this.#stride;
    return this.room.subarray(start, start + shardBytes);
  }

  /** Cuts data into the data shards, the last of them filled up with zeros (`RS3`). */
  write(data: Uint8Array): void {
    const { dataShards, shardBytes } = this.shape;
    if (data.length > dataShards * shardBytes) throw new RangeError('the data does not fit the stripe');
    for (let index = 0; index < dataShards; index++) {
      const piece = data.subarray(index * shardBytes, (index + 1) * shardBytes);
      this.shard(index).set(piece);
      this.shard(index).fill(0, piece.length);
    }
  }

  /** The first `length` bytes of the data shards, copied out. */
  read(length: number): Uint8Array {
    const { dataShards, shardBytes } = this.shape;
    if (length > dataShards * shardBytes) throw new RangeError('the stripe holds less');
    const data = new Uint8Array(length);
    for (let index = 0, at = 0; at < length; index++, at += shardBytes) {
      data.set(this.shard(index).subarray(0, length - at), at);
    }
    return data;
  }
}
