import type { ShardSource } from './shard-source.ts';
import type { BlobRange } from './stored-blob.ts';
import { firstStripe, windowBytes, windowsOf, type StripeWindow } from './stripe-window.ts';
import { WindowFetch } from './window-fetch.ts';

/** The windows of one reading, in order: each a row, or a stripe where there is no memory for a row (`UP7`). */
export class WindowPlan {
  readonly #source: ShardSource;
  readonly #left: StripeWindow[];

  constructor(source: ShardSource, range: BlobRange) {
    this.#source = source;
    this.#left = windowsOf(source.reader.descriptor.layout, range);
  }

  /** Asks for the next window; undefined after the last. */
  next(): WindowFetch | undefined {
    return this.ahead() ?? this.#nextStripe();
  }

  /** The same, unless there is no memory for a row besides the one that is held. */
  ahead(): WindowFetch | undefined {
    const [window] = this.#left;
    const { memory } = this.#source.cluster;
    if (window === undefined || !memory.take(windowBytes(window))) return undefined;
    this.#left.shift();
    return new WindowFetch(this.#source, window, () => memory.give(windowBytes(window)));
  }

  /** In the memory that its reader has for sure. */
  #nextStripe(): WindowFetch | undefined {
    const window = this.#left.shift();
    if (window === undefined) return undefined;
    const { first, rest } = firstStripe(this.#source.reader.descriptor.layout, window);
    if (rest !== undefined) this.#left.unshift(rest);
    return new WindowFetch(this.#source, first);
  }
}
