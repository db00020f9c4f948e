import type { ShardSource } from './shard-source.ts';
import { cellOf, type StripeWindow } from './stripe-window.ts';
import type { Cells } from '../../core/index.ts';

const LATE = Symbol('late');

/**
 * The cells of one window on their way. Asks the data shards that have what is wanted, and the others as well once one of them
 * fails or takes longer than reads do (`SC11`).
 */
export class WindowFetch {
  readonly window: StripeWindow;
  /** Resolves once there is enough to read the window from, or everybody has answered. */
  readonly ready: Promise<void>;
  readonly #source: ShardSource;
  readonly #arrived = new Map<number, Uint8Array>();
  readonly #asked = new Set<number>();
  readonly #pending = new Map<number, Promise<void>>();
  #released: (() => void) | undefined;
  #hasFailed = false;

  /** `released` is told once that nobody looks at its cells any more. */
  constructor(source: ShardSource, window: StripeWindow, released?: () => void) {
    this.#source = source;
    this.window = window;
    this.#released = released;
    for (const shard of this.#firstAsked()) this.#ask(shard);
    this.ready = this.#settle();
  }

  /** The cells of a stripe that are at hand: the wanted alone where these are all, and none of the `bad` ones. */
  cellsOf(stripe: number, bad: ReadonlySet<number>): Cells {
    const { wanted } = this.window;
    const isDirect = wanted.every((shard) => this.#arrived.has(shard) && !bad.has(shard));
    const shards = isDirect ? wanted : [...this.#arrived.keys()].filter((shard) => !bad.has(shard));
    const { layout } = this.#source.reader.descriptor;
    return new Map(
      shards.map((shard) => [shard, cellOf(layout, this.window, stripe, this.#arrived.get(shard) as Uint8Array)]),
    );
  }

  /** Brings cells of another shard. False where nobody is left who could have any. */
  async more(): Promise<boolean> {
    const before = this.#arrived.size;
    for (const ask of [() => this.#askReliable(), () => this.#askAll()]) {
      ask();
      while (this.#arrived.size === before && this.#pending.size > 0) await Promise.race(this.#pending.values());
      if (this.#arrived.size > before) return true;
    }
    return false;
  }

  /** Once nobody looks at its cells any more. */
  release(): void {
    for (const bytes of this.#arrived.values()) this.#source.buffers.give(bytes);
    this.#arrived.clear();
    this.#released?.();
    this.#released = undefined;
  }

  /** For a reader who goes away: what is on its way still comes. */
  abandon(): void {
    const release = (): void => this.release();
    this.ready.then(release, release);
  }

  /** The wanted ones; or where one of them is in doubt, as many as a stripe is computed from. */
  #firstAsked(): readonly number[] {
    const { doubtful, reader } = this.#source;
    const { dataShards, totalShards } = reader.descriptor.layout;
    const { wanted } = this.window;
    const sound = wanted.filter((shard) => !doubtful.has(shard));
    if (sound.length === wanted.length) return wanted;
    const others = Array.from({ length: totalShards }, (_, shard) => shard).filter(
      (shard) => !doubtful.has(shard) && !wanted.includes(shard),
    );
    return [...sound, ...others.slice(0, dataShards - sound.length)];
  }

  async #settle(): Promise<void> {
    const { cluster } = this.#source;
    const timer = cluster.startTimer(cluster.readTimes.hedgeAfterMs());
    const late = timer.over.then(() => LATE);
    let isHedged = false;
    while (!this.#hasEnough() && this.#pending.size > 0) {
      const event = await Promise.race([...this.#pending.values(), ...(isHedged ? [] : [late])]);
      if (isHedged || (event !== LATE && !this.#hasFailed) || this.#hasEnough()) continue;
      isHedged = true;
      // A node that hangs would keep a connection of every window for as long as it may take, and there are few.
      if (event === LATE) for (const shard of this.#pending.keys()) this.#source.doubtful.add(shard);
      this.#askReliable();
    }
    timer.cancel();
  }

  #hasEnough(): boolean {
    const { dataShards } = this.#source.reader.descriptor.layout;
    return this.#arrived.size >= dataShards || this.window.wanted.every((shard) => this.#arrived.has(shard));
  }

  #askReliable(): void {
    const { doubtful } = this.#source;
    this.#askWhere((shard) => !doubtful.has(shard));
  }

  #askAll(): void {
    this.#askWhere(() => true);
  }

  #askWhere(isAsked: (shard: number) => boolean): void {
    const { totalShards } = this.#source.reader.descriptor.layout;
    for (let shard = 0; shard < totalShards; shard++) if (isAsked(shard) && !this.#asked.has(shard)) this.#ask(shard);
  }

  #ask(shard: number): void {
    this.#asked.add(shard);
    const answered = this.#source.fetch(shard, this.window).then((bytes) => {
      this.#pending.delete(shard);
      if (bytes === undefined) this.#hasFailed = true;
      else this.#arrived.set(shard, bytes);
    });
    this.#pending.set(shard, answered);
  }
}
