import type { ChainFollower } from '../chain/chain-follower.ts';
import { endsReading } from '../chain/chain-stream.ts';
import type { LiveChain } from '../chain/live-chain.ts';
import { untilAborted } from '../mutex.ts';
import type { ReadOptions } from './group.ts';
import { removalOf } from './group-status.ts';
import type { Timeline } from './timeline.ts';
import type { StoredItem } from './stored-item.ts';
import type { TimelineItem } from './timeline-item.ts';
import { viewItem } from './view-item.ts';

/** Reads a timeline as it is stored, and goes on as it grows, whichever process makes it grow. */
export class TimelineReader {
  readonly #timeline: Timeline;
  readonly #follower: ChainFollower;
  readonly #live: LiveChain;
  readonly #self: Uint8Array;

  constructor(parts: {
    readonly timeline: Timeline;
    readonly follower: ChainFollower;
    readonly live: LiveChain;
    readonly self: Uint8Array;
  }) {
    this.#timeline = parts.timeline;
    this.#follower = parts.follower;
    this.#live = parts.live;
    this.#self = parts.self;
  }

  /** Items that are wanted, in the order of the chain. A live reading ends where this identity's reading does. */
  async *read<T extends TimelineItem>(
    { from = 0, last, live = false, signal }: ReadOptions,
    isWanted: (item: StoredItem) => boolean,
  ): AsyncGenerator<T, void, undefined> {
    const news = new News(this.#follower, live ? this.#live : undefined);
    try {
      let next = last === undefined ? from : Math.max(from, await this.#timeline.startOfLast(last, isWanted));
      for (;;) {
        const seen = news.count;
        const items = this.#timeline.readFrom(next);
        for (let item = await items.next(); ; item = await items.next()) {
          signal?.throwIfAborted();
          if (item.done === true) {
            next = item.value;
            break;
          }
          if (isWanted(item.value)) yield viewItem(item.value, this.#self) as T;
        }
        if (!live) return;
        if (news.count === seen && (await this.#isOver())) return;
        await news.after(seen, signal);
      }
    } finally {
      news.close();
    }
  }

  /** Ended for good, and everything is read: after a removal quietly, else with what ended it. */
  async #isOver(): Promise<boolean> {
    const { failure } = this.#live;
    const chain = await this.#follower.current();
    if (removalOf(chain?.state, this.#self) !== undefined) return true;
    if (failure !== undefined && !endsReading(failure)) throw failure as Error;
    return failure !== undefined;
  }
}

/** Counts what happened to a chain, so that nothing that happens between two looks is missed. */
class News {
  #count = 0;
  #wake = (): void => undefined;
  readonly #endings: readonly (() => void)[];

  constructor(follower: ChainFollower, live: LiveChain | undefined) {
    const note = (): void => {
      this.#count += 1;
      this.#wake();
    };
    this.#endings = live === undefined ? [] : [follower.onAdvance(note), live.follow(note)];
  }

  get count(): number {
    return this.#count;
  }

  async after(seen: number, signal: AbortSignal | undefined): Promise<void> {
    while (this.#count === seen) {
      await untilAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }

  close(): void {
    for (const end of this.#endings) end();
  }
}
