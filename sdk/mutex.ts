/** Runs tasks of one name one after the other, in the order of their calls. */
export class Mutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** Rejects with the signal's reason if it aborts while waiting; a task that has begun is left to end. */
  async run<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#tails.get(name) ?? Promise.resolve();
    let release = (): void => undefined;
    const done = new Promise<void>((resolve) => (release = resolve));
    const tail = before.then(() => done);
    this.#tails.set(name, tail);
    try {
      // One who gives up waiting keeps its place in the queue and passes the turn on as soon as it comes.
      await untilAborted(before, signal);
      return await task();
    } finally {
      release();
      if (this.#tails.get(name) === tail) void tail.then(() => this.#forget(name, tail));
    }
  }

  #forget(name: string, tail: Promise<void>): void {
    if (this.#tails.get(name) === tail) this.#tails.delete(name);
  }

  /** Resolves when nothing that was called before is waiting or running. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    // Nobody will look at what becomes of it.
    promise.catch(() => undefined);
    throw signal.reason;
  }
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
