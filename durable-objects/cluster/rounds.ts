import { DAY_MS, HOUR_MS, MINUTE_MS, type SilentChain } from '../../core/index.ts';
import { within } from '../jobs/index.ts';
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
/** Nor one that a round is over without: it may be there again, which is no reason to hurry. */
const ASK_LATER_MS = HOUR_MS;
/** One that hangs holds up those that are asked with it for no longer. */
const ASK_LIMIT_MS = 5_000;
/** A chain that reads tells how far it is each hour. */
const SILENT_MS = 2 * HOUR_MS;
/** One that got nowhere for so long holds up no round. */
const LEFT_OUT_MS = DAY_MS;
/** Silent chains that are named. */
const NAMED = 20;
const LOOK_AGAIN_MS = 1_000;
const ROUND = 'round';
const NEVER: Round = { number: 0, startedAt: 0, finishedAt: 0 };

/** Drives rounds: asks chains to begin, and knows when all are through. Its rows are the truth, so that it goes on after a crash. */
export class Rounds {
  readonly #storage: DurableObjectStorage;
  readonly #store: ClusterStore;
  readonly #ask: (chain: string, round: number) => Promise<void>;
  readonly #askLimitMs: number;

  constructor(
    storage: DurableObjectStorage,
    store: ClusterStore,
    ask: (chain: string, round: number) => Promise<void>,
    askLimitMs = ASK_LIMIT_MS,
  ) {
    this.#storage = storage;
    this.#store = store;
    this.#ask = ask;
    this.#askLimitMs = askLimitMs;
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

  /** How many of the chains that are behind have not got on for two hours. */
  countSilent(now: number): number {
    return this.#store.countSilent(this.current.number, now - SILENT_MS);
  }

  /** How many of them hold up no round any more. */
  countLeftOut(now: number): number {
    return this.#store.countSilent(this.current.number, now - LEFT_OUT_MS);
  }

  /** Some of them, the longest silent first. */
  silent(now: number): readonly SilentChain[] {
    return this.#store.silent(this.current.number, now - SILENT_MS, NAMED);
  }

  /** Asks those who are behind. True once all are through but those that are left out, who are asked all the same. */
  async step(now: number): Promise<boolean> {
    const { current } = this;
    const isOver = current.finishedAt !== undefined;
    const askedBefore = now - (isOver ? ASK_LATER_MS : ASK_AGAIN_MS);
    const behind = this.#store.chainsBehind(current.number, { askedBefore, now }, ASKED_AT_ONCE);
    for (const chain of behind) this.#store.asked(chain, current.number, now);
    // One that can't be reached is asked again; the others don't wait for it.
    await Promise.allSettled(behind.map((chain) => within(this.#askLimitMs, this.#ask(chain, current.number))));
    if (isOver) return true;
    if (this.current.number !== current.number || this.chainsBehind > this.countLeftOut(now)) return false;
    this.#storage.kv.put(ROUND, { ...current, finishedAt: now });
    return true;
  }

  /** When to ask those again that the round is over without; `next` where there are none. */
  askAgainAt(now: number, next: number): number {
    return this.chainsBehind === 0 ? next : Math.min(next, now + ASK_LATER_MS);
  }

  /** When to look again while chains are at work. */
  static lookAgainAt(now: number): number {
    return now + LOOK_AGAIN_MS;
  }
}
