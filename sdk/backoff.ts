import type { Platform } from './platform.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Pauses between attempts: they double until one is good, up to 15 s. Each is shortened by up to half at random, so that
 * clients whose relay was gone don't come back all at once.
 */
export class Backoff {
  readonly #platform: Pick<Platform, 'randomBytes'>;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(platform: Pick<Platform, 'randomBytes'>) {
    this.#platform = platform;
  }

  reset(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** Ms to wait before the next attempt, and never less than `atLeastMs`, which is what a relay has asked for. */
  next(atLeastMs = 0): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    const [chance = 0] = this.#platform.randomBytes(1);
    return Math.max(pauseMs * (1 - chance / 512), atLeastMs);
  }
}
