import type { PolicyBatch, PolicyExecutor, PolicyOutcome } from '../../core/index.ts';

/** Calls of policies that one object has under way (`PX9`): an isolate has room for few, and another chain's are as good. */
const MAX_CALLS_IN_FLIGHT = 2;

/** An executor of which no more than `MAX_CALLS_IN_FLIGHT` calls are under way; what is beyond waits, first come first. */
export class BoundedExecutor implements PolicyExecutor {
  readonly #executor: PolicyExecutor;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(executor: PolicyExecutor) {
    this.#executor = executor;
  }

  decide(module: Uint8Array, batch: PolicyBatch): Promise<readonly PolicyOutcome[]> {
    return this.#inTurn(() => this.#executor.decide(module, batch));
  }

  migrate(module: Uint8Array, call: Pick<PolicyBatch, 'state' | 'fuel'>): Promise<PolicyOutcome> {
    return this.#inTurn(() => this.#executor.migrate(module, call));
  }

  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    if (this.#inFlight < MAX_CALLS_IN_FLIGHT) this.#inFlight++;
    // Whoever is done hands its place on, so that nobody who comes now takes it first.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight--;
      else next();
    }
  }
}
