import type { Limit } from './limit-table.ts';

/** Keys that are remembered; the one that was met first makes way. */
const MAX_KEYS = 1_024;

/** Faults by key: as many as the limit within its period, and the key is out for a period from the last one (`LM4`). */
export class Strikes {
  readonly #limit: Limit;
  readonly #times = new Map<string, readonly number[]>();

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  add(key: string, now: number): void {
    if (this.#limit.count === Infinity) return;
    const times = [...(this.#times.get(key) ?? []), now].slice(-this.#limit.count);
    this.#times.delete(key);
    this.#times.set(key, times);
    if (this.#times.size <= MAX_KEYS) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      return;
    }
  }

  /** ms until the key may try again; 0 where it may. */
  waitMs(key: string, now: number): number {
    const { count, periodMs } = this.#limit;
    const times = this.#times.get(key) ?? [];
    const [first = 0] = times;
    const last = times.at(-1) ?? 0;
    // What is still to come was counted while the clock was ahead: it would keep the key out until then.
    const isOut = times.length >= count && last - first < periodMs && last <= now;
    return isOut ? Math.max(0, last + periodMs - now) : 0;
  }
}
