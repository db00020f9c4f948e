import type { Limit } from './limit-table.ts';

/** What is left of a limit, as of a time. */
interface Bucket {
  left: number;
  at: number;
}

/** Keys that one meter remembers. The one that was met first makes way: forgetting it gives it no more than its limit anew. */
const MAX_KEYS = 4_096;

/**
 * Counts against one limit, by key: a token bucket each, in memory alone (`LM3`). A key that is not there has its whole
 * limit. Time is an argument and may be set back, which gives nothing; it counts on from there, since who has used up a limit while
 * the clock was ahead would else wait until that time comes.
 */
export class Meter {
  readonly #limit: Limit;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /** Takes as many of `wanted` as are left, and returns how many. */
  take(key: string, now: number, wanted = 1): number {
    const bucket = this.#refilled(key, now);
    const granted = Math.min(wanted, Math.max(0, Math.floor(bucket.left)));
    bucket.left -= granted;
    return granted;
  }

  /** Counts what has happened already. What is over the limit is owed, up to the limit again. */
  charge(key: string, now: number, cost: number): void {
    const bucket = this.#refilled(key, now);
    bucket.left = Math.max(-this.#limit.count, bucket.left - cost);
  }

  /** ms until one is left; 0 where one is. */
  waitMs(key: string, now: number): number {
    if (!this.#buckets.has(key)) return 0;
    const { left } = this.#refilled(key, now);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * this.#limit.periodMs) / this.#limit.count);
  }

  #refilled(key: string, now: number): Bucket {
    const { count, periodMs } = this.#limit;
    const bucket = this.#buckets.get(key) ?? this.#remember(key, now);
    if (now > bucket.at) {
      bucket.left = Math.min(count, bucket.left + ((now - bucket.at) * count) / periodMs);
    }
    bucket.at = now;
    return bucket;
  }

  #remember(key: string, now: number): Bucket {
    if (this.#buckets.size >= MAX_KEYS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const bucket = { left: this.#limit.count, at: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
