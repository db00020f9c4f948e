import { DAY_MS, MINUTE_MS } from '../../core/index.ts';
import type { ClusterStore } from './store.ts';

/** A round of scrubbing: every chain reads all of its shards once. */
export interface Round {
  readonly number: number;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  /** Number of the newest round before this one that was through; 0 where none was. */
  readonly finishedBefore?: number;
  /** How many rounds just before it left a node that was to be drained; 0 where none did. */
  readonly attempt?: number;
}

/** Chains that one step asks. They work at a rate that they share, so more at a time would only wait for each other. */
const ASKED_AT_ONCE = 20;
/** A chain that did not report back may have lost the question. */
const ASK_AGAIN_MS = MINUTE_MS;
const LOOK_AGAIN_MS = 1_000;
/** From the end of a round to the beginning of the next. */
export const ROUND_PAUSE_MS = 7 * DAY_MS;
const ROUND = 'round';
const NEVER: Round = { number: 0, startedAt: 0, finishedAt: 0 };

/** Drives rounds: asks chains to begin, and knows when all are through. Its rows are the truth, so that it goes on after a crash. */
export class Rounds {
  readonly #storage: DurableObjectStorage;
  readonly #store: ClusterStore;
  readonly #ask: (chain: string, round: number) => Promise<void>;

  constructor(
    storage: DurableObjectStorage,
    store: ClusterStore,
    ask: (chain: string, round: number) => Promise<void>,
  ) {
    this.#storage = storage;
    this.#store = store;
    this.#ask = ask;
  }

  get current(): Round {
    return this.#storage.kv.get<Round>(ROUND) ?? NEVER;
  }

  /** Number of the newest round that is through; 0 where none is. */
  get lastFinished(): number {
    const { number, finishedAt, finishedBefore = 0 } = this.current;
    return finishedAt === undefined ? finishedBefore : number;
  }

  get chainsBehind(): number {
    return this.#store.countBehind(this.current.number);
  }

  /** Every chain begins anew, those too that are in the middle of the round before. */
  begin(now: number, attempt: number): Round {
    const { current, lastFinished } = this;
    const number = current.number + 1;
    const round = { number, startedAt: now, finishedAt: undefined, finishedBefore: lastFinished, attempt };
    this.#storage.kv.put(ROUND, round);
    return round;
  }

  /** Asks those who are behind. True once all are through. */
  async step(now: number): Promise<boolean> {
    const { current } = this;
    if (current.finishedAt !== undefined) return true;
    const behind = this.#store.chainsBehind(current.number, now - ASK_AGAIN_MS, ASKED_AT_ONCE);
    for (const chain of behind) this.#store.asked(chain, current.number, now);
    // One that can't be reached is asked again; the others don't wait for it.
    await Promise.allSettled(behind.map((chain) => this.#ask(chain, current.number)));
    if (this.#store.countBehind(current.number) > 0) return false;
    this.#storage.kv.put(ROUND, { ...current, finishedAt: now });
    return true;
  }

  /** When to look again while chains are at work. */
  static lookAgainAt(now: number): number {
    return now + LOOK_AGAIN_MS;
  }
}
