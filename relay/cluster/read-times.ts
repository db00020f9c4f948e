/** The newest reads that count. */
const KEPT_TIMES = 128;
/** With fewer, what was measured says little. */
const FEWEST_TIMES = 16;
/** Until enough was measured. */
const FIRST_HEDGE_MS = 250;
/** A hedge costs requests, and a timer has some ms of its own. */
const SHORTEST_HEDGE_MS = 10;
/** A cluster of which a twentieth is dead has long times, and those who read it are not to wait for them. */
const LONGEST_HEDGE_MS = 1_000;

/** How long reads of nodes took of late, in memory alone. */
export class ReadTimes {
  readonly #times: number[] = [];
  #next = 0;

  note(ms: number): void {
    this.#times[this.#next] = ms;
    this.#next = (this.#next + 1) % KEPT_TIMES;
  }

  /** When to ask other nodes as well: nineteen of twenty reads are done by then (`SC11`). */
  hedgeAfterMs(): number {
    if (this.#times.length < FEWEST_TIMES) return FIRST_HEDGE_MS;
    const sorted = this.#times.toSorted((a, b) => a - b);
    const p95 = sorted[Math.floor(sorted.length * 0.95)] as number;
    return Math.min(Math.max(p95, SHORTEST_HEDGE_MS), LONGEST_HEDGE_MS);
  }
}
