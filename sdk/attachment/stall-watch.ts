import type { Platform } from '../platform.ts';

/** A transfer of which nothing moves for so long is broken off, to be gone on with. */
const STALL_MS = 30_000;

/** Breaks off what does not get on, and what its caller gives up. */
export class StallWatch {
  readonly #broken = new AbortController();
  readonly #ended = new AbortController();
  readonly #platform: Pick<Platform, 'now' | 'delay'>;
  readonly signal: AbortSignal;
  #movedAt: number;

  constructor(platform: Pick<Platform, 'now' | 'delay'>, signal: AbortSignal | undefined) {
    this.#platform = platform;
    this.#movedAt = platform.now();
    const own = this.#broken.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([signal, own]);
    void this.#watch().catch(() => undefined);
  }

  moved(): void {
    this.#movedAt = this.#platform.now();
  }

  end(): void {
    this.#ended.abort();
  }

  async #watch(): Promise<void> {
    for (;;) {
      const left = this.#movedAt + STALL_MS - this.#platform.now();
      if (left <= 0) break;
      await this.#platform.delay(left, this.#ended.signal);
    }
    this.#broken.abort(new DOMException('nothing moved', 'TimeoutError'));
  }
}
