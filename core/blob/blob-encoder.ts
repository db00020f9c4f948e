import { sha256 } from '../crypto/index.ts';
import type { ErasureCode } from '../erasure/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { cellRange, layOut, stripeCount, stripeRange, type BlobLayout } from './layout.ts';
import { sealBlob, type SealedBlob } from './shard-tail.ts';

/** One stripe of a blob, ready for the shards. */
export interface EncodedStripe {
  readonly stripe: number;
  /** What each shard, in order, goes on with. Views that hold until the next stripe is asked for. */
  readonly cells: readonly Uint8Array[];
}

/**
 * Cuts a blob into shards while it comes in (`BL2` to `BL4`). Holds one stripe and a hash a cell, whatever the size (`BL11`).
 *
 * The code's kernel is used within one step and let go: encoders and readers of one isolate can share it, since none keeps
 * anything there while its caller waits for a node.
 */
export class BlobEncoder {
  readonly layout: BlobLayout;
  readonly #code: ErasureCode;
  /** The cells of the stripe that is under way: its data as it comes, and room for the parity behind it. */
  readonly #cells: Uint8Array;
  readonly #cellHashes: readonly Uint8Array[];
  #stripe = 0;
  #filled = 0;

  /** How long the blob is, is known before it comes: nodes are told how much to expect. */
  constructor(code: ErasureCode, blobBytes: number, cellBytes?: number) {
    this.layout = layOut(blobBytes, code.parameters, cellBytes);
    this.#code = code;
    const { totalShards } = this.layout;
    const { start, end } = cellRange(this.layout, 0);
    this.#cells = new Uint8Array((end - start) * totalShards);
    const hashesBytes = stripeCount(this.layout) * HASH_BYTES;
    this.#cellHashes = Array.from({ length: totalShards }, () => new Uint8Array(hashesBytes));
  }

  /**
   * Takes the next bytes of the blob, in pieces of any size, and gives each stripe that they complete. Go through all of it: a
   * stripe is made when it is asked for. More bytes than the blob has throw.
   */
  *write(bytes: Uint8Array): Generator<EncodedStripe, void> {
    for (let rest = bytes; rest.length > 0;) {
      const { start, end } = stripeRange(this.layout, this.#stripe);
      const piece = rest.subarray(0, end - start - this.#filled);
      this.#cells.set(piece, this.#filled);
      this.#filled += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#filled === end - start) yield this.#encodeStripe();
    }
  }

  /** The tails of the shards, once all bytes are written. Fewer than the blob has throw. */
  finish(): SealedBlob {
    if (this.#stripe < stripeCount(this.layout)) throw new RangeError('the blob is not whole');
    return sealBlob(this.layout, this.#cellHashes);
  }

  #encodeStripe(): EncodedStripe {
    const stripe = this.#stripe;
    const { start, end } = cellRange(this.layout, stripe);
    const cells = this.#cellsOf(end - start);
    this.#writeParity(cells, end - start);
    for (const [index, cell] of cells.entries()) {
      (this.#cellHashes[index] as Uint8Array).set(sha256(cell), stripe * HASH_BYTES);
    }
    this.#stripe += 1;
    this.#filled = 0;
    return { stripe, cells };
  }

  #cellsOf(cellBytes: number): Uint8Array[] {
    return Array.from({ length: this.layout.totalShards }, (_, index) =>
      this.#cells.subarray(index * cellBytes, (index + 1) * cellBytes),
    );
  }

  #writeParity(cells: readonly Uint8Array[], cellBytes: number): void {
    const { dataShards } = this.layout;
    const data = this.#cells.subarray(0, dataShards * cellBytes);
    data.fill(0, this.#filled);
    const room = this.#code.openStripe(cellBytes);
    room.write(data);
    this.#code.encode(room);
    for (const [index, cell] of cells.entries()) if (index >= dataShards) cell.set(room.shard(index));
  }
}
