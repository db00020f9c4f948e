import type { Matrix } from './matrix.ts';

/** Kernels work in blocks of this many bytes: where a shard begins and how much is multiplied are multiples of it. */
export const BLOCK_BYTES = 64;

/** Most that a kernel gives room to at once: all shards of one stripe. */
export const MAX_ROOM_BYTES = 32 * 1024 * 1024;

/** The implementations of the products, the fastest first. They give the same bytes (`RS5`). */
export type KernelName = 'relaxed-simd' | 'simd' | 'portable';

/**
 * What multiplies shards, in memory of its own, which has room for one stripe at a time. Whoever works on two at a time
 * opens two kernels.
 */
export interface ErasureKernel {
  readonly name: KernelName;
  /** Room for this many bytes, a multiple of the block, with anything in it. What was reserved before is void. */
  reserve(bytes: number): Room;
  /** Readies a matrix with at least one row and at most 255 columns for as many products as are wanted. */
  prepare(matrix: Matrix): Product;
}

/** A view of a kernel's memory. It is the kernel's until the next is reserved, and products refuse an older one. */
export type Room = Uint8Array;

/** Writes the matrix times the inputs to the outputs, all of them in the room. */
export type Product = (room: Room, shards: Operands) => void;

export interface Operands {
  /** Where the shards begin: as many as the matrix has columns. */
  readonly inputs: readonly number[];
  /** As many as it has rows; none of them overlaps another or an input. */
  readonly outputs: readonly number[];
  /** Of each shard. */
  readonly bytes: number;
}

/** Every kernel asks this first: SIMD code would read and write wherever it is told to. */
export function checkOperands(room: Room, { rows, columns }: Matrix, { inputs, outputs, bytes }: Operands): void {
  if (inputs.length !== columns || outputs.length !== rows) throw new RangeError('the shards do not fit the matrix');
  if (!isBlocks(bytes)) throw new RangeError(`shards have a multiple of ${BLOCK_BYTES} bytes here`);
  const last = room.length - bytes;
  if (!areInside(inputs, last) || !areInside(outputs, last)) throw new RangeError('a shard lies outside the room');
}

/** Throws unless a kernel may reserve this much. */
export function checkRoom(bytes: number): void {
  if (!isBlocks(bytes) || bytes > MAX_ROOM_BYTES) throw new RangeError(`there is no room of ${bytes} bytes`);
}

/** Throws if the room was reserved before the kernel's newest: what lies there is another stripe. */
export function checkNewest(room: Room, newest: Room | undefined): void {
  if (room !== newest) throw new Error('the room was given to another stripe');
}

/** A loop, since this is asked for every blob, and blobs may be small. */
function areInside(offsets: readonly number[], last: number): boolean {
  for (const offset of offsets) if (!isBlocks(offset) || offset > last) return false;
  return true;
}

function isBlocks(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0 && bytes % BLOCK_BYTES === 0;
}
