/**
 * One at a time for each key: what is under way with a key is done before the next begins, in the order of asking. A task
 * with several keys waits for all of them, and takes its place in all at once, so that no two can wait for each other.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** What `task` gives, once it is its turn. */
  run<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    const turn = Promise.all(keys.map((key) => this.#last.get(key) ?? Promise.resolve())).then(task);
    const over: Promise<void> = turn.then(
      () => this.#leave(keys, over),
      () => this.#leave(keys, over),
    );
    for (const key of keys) this.#last.set(key, over);
    return turn;
  }

  #leave(keys: readonly string[], over: Promise<unknown>): void {
    for (const key of keys) if (this.#last.get(key) === over) this.#last.delete(key);
  }
}
