import { equalBytes } from '../bytes/index.ts';
import { encode } from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { err, ok, type Result } from '../result.ts';
import type { BlobReader } from './blob-reader.ts';
import { inconsistency, type InconsistentBlob } from './inconsistency.ts';
import { stripeCount } from './layout.ts';
import { hashAt, hashOfShard, headerOf, shardTail } from './shard-tail.ts';

/**
 * A lost shard, computed again from others stripe by stripe (`BL10`). Its tail, without which it is none, is given only once
 * all of it is the shard that the blob's root names: what is restored is what was written, byte for byte.
 */
export class RebuiltShard {
  readonly index: number;
  readonly #reader: BlobReader;
  readonly #cellHashes: Uint8Array;
  readonly #from = new Set<number>();
  #stripes = 0;

  constructor(reader: BlobReader, index: number) {
    const { layout } = reader.descriptor;
    if (!(Number.isInteger(index) && index >= 0 && index < layout.totalShards)) {
      throw new RangeError(`the blob has no shard ${index}`);
    }
    this.index = index;
    this.#reader = reader;
    this.#cellHashes = new Uint8Array(stripeCount(layout) * HASH_BYTES);
  }

  /** Takes the cell of the next stripe, as the reader computed it from these shards. */
  add(cell: Uint8Array, from: readonly number[]): void {
    this.#cellHashes.set(sha256(cell), this.#stripes * HASH_BYTES);
    for (const index of from) this.#from.add(index);
    this.#stripes += 1;
  }

  /** The shard's tail, once it has all cells; before, it throws. */
  finish(): Result<Uint8Array, InconsistentBlob> {
    const { descriptor, shardHashes } = this.#reader;
    if (this.#stripes < stripeCount(descriptor.layout)) throw new RangeError('the shard is not whole');
    const header = headerOf(descriptor.layout, this.index, this.#cellHashes);
    const [committed, computed] = [hashAt(shardHashes, this.index), hashOfShard(header)];
    if (equalBytes(committed, computed))
      return ok(encode(shardTail, { cellHashes: this.#cellHashes, shardHashes, header }));
    const from = [...this.#from].sort((a, b) => a - b);
    return err(inconsistency(descriptor, { from, shard: this.index, stripe: undefined, committed, computed }));
  }
}
