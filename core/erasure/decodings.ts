import type { Product } from './kernel.ts';

/** Most coefficients of all remembered products together. In the SIMD kernel each takes 32 bytes, so half a megabyte. */
const MAX_CELLS = 16_384;

interface Decoding {
  readonly cells: number;
  readonly product: Product;
}

/**
 * Products that rebuild shards, by what is there and what is wanted. Inverting a matrix costs as much as some kilobytes of
 * shards, and a node that is dead stays so for many blobs. The one that was used the longest ago goes first; one that is
 * larger than the bound is not kept.
 */
export class Decodings {
  readonly #kept = new Map<string, Decoding>();
  #cells = 0;

  /** Number of coefficients that are kept. */
  get cells(): number {
    return this.#cells;
  }

  find(key: string, make: () => Decoding): Product {
    const decoding = this.#take(key) ?? make();
    this.#kept.set(key, decoding);
    this.#cells += decoding.cells;
    for (const oldest of this.#kept.keys()) {
      if (this.#cells <= MAX_CELLS) break;
      this.#take(oldest);
    }
    return decoding.product;
  }

  #take(key: string): Decoding | undefined {
    const decoding = this.#kept.get(key);
    if (decoding === undefined) return undefined;
    this.#kept.delete(key);
    this.#cells -= decoding.cells;
    return decoding;
  }
}
