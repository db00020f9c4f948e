import { err, ok, type Result } from '../result.ts';
import { Decodings } from './decodings.ts';
import type { ErasureKernel, Product } from './kernel.ts';
import { invertMatrix, multiplyMatrices, selectRows, vandermondeMatrix, type Matrix } from './matrix.ts';
import { Stripe } from './stripe.ts';

/** The rows of the matrix differ only as long as the field has elements (`RS2`). */
export const MAX_SHARDS = 256;

/** There are fewer shards than were made of data, so nothing can be rebuilt (`RS4`). */
export interface TooFewShards {
  readonly code: 'too-few-shards';
  readonly present: number;
  readonly needed: number;
}

/** How many shards a stripe has: `dataShards` with the data cut in pieces, the others with parity. */
export interface CodeParameters {
  readonly dataShards: number;
  readonly totalShards: number;
}

/** Reed-Solomon with as many shards as there are to be: any `dataShards` of them give all others (`RS1` to `RS4`). */
export class ErasureCode {
  readonly parameters: CodeParameters;
  readonly #kernel: ErasureKernel;
  readonly #generator: Matrix;
  readonly #data: readonly number[];
  readonly #parity: readonly number[];
  readonly #encode: Product;
  readonly #decodings = new Decodings();

  /** Refuses by a throw unless 1 ≤ dataShards < totalShards ≤ 256. */
  constructor(kernel: ErasureKernel, parameters: CodeParameters) {
    this.parameters = parameters;
    this.#kernel = kernel;
    this.#generator = generatorMatrix(parameters);
    const { dataShards, totalShards } = parameters;
    this.#data = indexesBetween(0, dataShards);
    this.#parity = indexesBetween(dataShards, totalShards);
    this.#encode = kernel.prepare(selectRows(this.#generator, this.#parity));
  }

  /** A stripe with shards of this size, in place of the kernel's last. One may be used over and over. */
  openStripe(shardBytes: number): Stripe {
    return new Stripe(this.#kernel, { ...this.parameters, shardBytes });
  }

  /** Writes the parity shards from the data shards. */
  encode(stripe: Stripe): void {
    this.#multiply(this.#encode, stripe, { from: this.#data, to: this.#parity });
  }

  /**
   * Writes the shards that are wanted, all that are missing unless named, from those that are present. Indexes are
   * distinct. Whether a present shard is the one that was written is for the caller to know, by its hash: a damaged one
   * gives wrong bytes, and no error.
   */
  reconstruct(stripe: Stripe, present: readonly number[], wanted?: readonly number[]): Result<void, TooFewShards> {
    const { dataShards: needed, totalShards } = this.parameters;
    const isPresent = markIndexes(present, totalShards);
    if (present.length < needed) return err({ code: 'too-few-shards', present: present.length, needed });
    const to = wanted ?? firstWhere(isPresent, 0, totalShards);
    checkWanted(to, isPresent);
    if (to.length === 0) return ok(undefined);
    const from = firstWhere(isPresent, 1, needed);
    const product = this.#decodings.find(nameOf(from, to), () => this.#prepareDecoding(from, to));
    this.#multiply(product, stripe, { from, to });
    return ok(undefined);
  }

  /** Back to the data, and on to what is wanted, in one matrix. */
  #prepareDecoding(from: readonly number[], to: readonly number[]): { cells: number; product: Product } {
    const toData = invertMatrix(selectRows(this.#generator, from));
    const matrix = multiplyMatrices(selectRows(this.#generator, to), toData);
    return { cells: matrix.cells.length, product: this.#kernel.prepare(matrix) };
  }

  #multiply(product: Product, stripe: Stripe, shards: { from: readonly number[]; to: readonly number[] }): void {
    const { dataShards, totalShards } = stripe.shape;
    if (dataShards !== this.parameters.dataShards || totalShards !== this.parameters.totalShards) {
      throw new Error('the stripe is of another code');
    }
    product(stripe.room, {
      inputs: stripe.offsetsOf(shards.from),
      outputs: stripe.offsetsOf(shards.to),
      bytes: stripe.stride,
    });
  }
}

/** The Vandermonde matrix with its top made the identity, so that data shards are the data itself (`RS2`). */
export function generatorMatrix({ dataShards, totalShards }: CodeParameters): Matrix {
  const isValid = Number.isInteger(dataShards) && Number.isInteger(totalShards) && dataShards >= 1;
  if (!isValid || dataShards >= totalShards || totalShards > MAX_SHARDS) {
    throw new RangeError(`there is no code with ${dataShards} of ${totalShards} shards`);
  }
  const vandermonde = vandermondeMatrix(totalShards, dataShards);
  return multiplyMatrices(vandermonde, invertMatrix(selectRows(vandermonde, indexesBetween(0, dataShards))));
}

function indexesBetween(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** One flag a shard. An index that is none, or named twice, is a broken invariant. */
function markIndexes(indexes: readonly number[], totalShards: number): Uint8Array {
  const flags = new Uint8Array(totalShards);
  for (const index of indexes) {
    if (flags[index] !== 0) throw new RangeError(`shard ${index} is none, or is named twice`);
    flags[index] = 1;
  }
  return flags;
}

function checkWanted(wanted: readonly number[], isPresent: Uint8Array): void {
  const isWanted = markIndexes(wanted, isPresent.length);
  for (const index of wanted) {
    if (isPresent[index] === isWanted[index]) throw new RangeError('a wanted shard is present');
  }
}

/** The first shards that have this flag, at most `count` of them. */
function firstWhere(flags: Uint8Array, flag: 0 | 1, count: number): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < flags.length && indexes.length < count; index++) {
    if (flags[index] === flag) indexes.push(index);
  }
  return indexes;
}

/** One character a shard, all of them below the one in the middle: the cheapest exact map key that two lists have. */
function nameOf(from: readonly number[], to: readonly number[]): string {
  return String.fromCharCode(...from, MAX_SHARDS, ...to);
}
