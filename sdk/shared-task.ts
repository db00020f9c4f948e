import { untilAborted } from './mutex.ts';

/**
 * One run of a task for all who want it while it has not begun. Who comes while it runs shares the next run: what they
 * know of may be newer than what this one has seen. A run is aborted when nobody waits for it any more.
 */
export class SharedTask {
  readonly #task: (signal: AbortSignal) => Promise<void>;
  #running: Run | undefined;
  #queued: Run | undefined;

  constructor(task: (signal: AbortSignal) => Promise<void>) {
    this.#task = task;
  }

  async run(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const run = this.#running === undefined ? this.#begin() : (this.#queued ??= this.#queueAfter(this.#running));
    return run.join(signal);
  }

  #begin(): Run {
    const run: Run = new Run(
      (signal) => this.#task(signal),
      () => this.#end(run),
    );
    this.#running = run;
    run.start();
    return run;
  }

  #queueAfter(running: Run): Run {
    const run: Run = new Run(
      (signal) => this.#task(signal),
      () => this.#end(run),
    );
    void running.ended.then(() => {
      this.#queued = undefined;
      this.#running = run;
      run.start();
    });
    return run;
  }

  #end(run: Run): void {
    if (this.#running === run) this.#running = undefined;
  }
}

class Run {
  /** Resolves however the run ended. */
  readonly ended: Promise<void>;
  readonly #task: (signal: AbortSignal) => Promise<void>;
  readonly #abort = new AbortController();
  readonly #outcome: Promise<void>;
  #start = (): void => undefined;
  #callers = 0;

  constructor(task: (signal: AbortSignal) => Promise<void>, onEnd: () => void) {
    this.#task = task;
    const started = new Promise<void>((resolve) => (this.#start = resolve));
    this.#outcome = started.then(() => this.#run()).finally(onEnd);
    this.ended = this.#outcome.catch(() => undefined);
  }

  start(): void {
    this.#start();
  }

  async join(signal: AbortSignal | undefined): Promise<void> {
    this.#callers += 1;
    try {
      await untilAborted(this.#outcome, signal);
    } finally {
      this.#callers -= 1;
      if (this.#callers === 0) this.#abort.abort(new DOMException('nobody waits for it any more', 'AbortError'));
    }
  }

  async #run(): Promise<void> {
    this.#abort.signal.throwIfAborted();
    return this.#task(this.#abort.signal);
  }
}
