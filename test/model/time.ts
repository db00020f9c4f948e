import type { ModelRelay } from './model-relay.ts';

const machineClock = Date.now.bind(Date);
/** Far enough ahead of the machine's clock that what the relay plans by its own never comes up by itself. */
const AHEAD_MS = 24 * 3_600_000;

/** What the clocks say: people's are right, the relay's may be wrong. */
export class Time {
  readonly #relay: ModelRelay;
  #offsetMs: number;
  #skewMs = 0;
  /** The furthest that the relay's clock ever was. */
  #furthestMs: number;

  constructor(relay: ModelRelay) {
    this.#relay = relay;
    this.#offsetMs = relay.setClock === undefined ? 0 : AHEAD_MS;
    this.#furthestMs = this.#offsetMs;
    this.#set();
  }

  readonly now = (): number => machineClock() + this.#offsetMs;

  pass(ms: number): void {
    if (this.#relay.setClock === undefined) return;
    this.#offsetMs += ms;
    this.#set();
  }

  /** Sets how far the relay's clock is from everyone's. */
  skew(ms: number): void {
    this.#skewMs = ms;
    this.#set();
  }

  /** Waits until it is as late as any clock has ever said; all clocks are right then. */
  agree(): void {
    if (this.#relay.setClock === undefined) return;
    this.#offsetMs = Math.max(this.#offsetMs, this.#furthestMs);
    this.skew(0);
  }

  /** The function sets all clocks back, for when all that knows of later times is gone. */
  remember(): () => void {
    const ms = this.#offsetMs;
    return () => {
      this.#offsetMs = ms;
      this.#furthestMs = ms;
      this.skew(0);
    };
  }

  #set(): void {
    const ms = this.#offsetMs + this.#skewMs;
    this.#furthestMs = Math.max(this.#furthestMs, ms);
    this.#relay.setClock?.(ms);
  }
}
