import { Backoff } from './backoff.ts';
import { passingAfter } from './errors.ts';
import type { Platform } from './platform.ts';

/** What a loop does, and whom it tells how that went. */
export interface RetriedTask {
  /** Does all that there is to do. `progressed` is called whenever a part of it is done: the next pause is a short one. */
  attempt(progressed: () => void): Promise<void>;
  /** An attempt went through, and nothing came up since it began. */
  succeeded(): void;
  /** An attempt ended with an error; one that may pass is followed by another attempt. */
  failed(error: unknown, mayPass: boolean): Promise<void>;
  /** Once an attempt has failed and there will be another. */
  beforeRetry(): Promise<void>;
}

/** Runs one task whenever there is a reason to, and again and again for as long as what ends it may pass. */
export class RetryLoop {
  readonly #platform: Pick<Platform, 'delay' | 'randomBytes'>;
  readonly #task: RetriedTask;
  /** Ends it for good. */
  readonly #stop: AbortSignal;
  #isRunning = false;
  /** Rises with every reason for another attempt. */
  #calls = 0;
  /** Rises with every reason not to wait until then. */
  #hurries = 0;
  #endPause = (): void => undefined;

  constructor(platform: Pick<Platform, 'delay' | 'randomBytes'>, task: RetriedTask, stop: AbortSignal) {
    this.#platform = platform;
    this.#task = task;
    this.#stop = stop;
  }

  /** Something came up: where an attempt is under way, another follows it. */
  start(): void {
    this.callAgain();
    if (this.#isRunning || this.#stop.aborted) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** The same without waiting for a pause to end. */
  hurry(): void {
    this.#hurries += 1;
    this.start();
    this.#endPause();
  }

  /** Has another attempt follow the one that is under way. Starts nothing by itself. */
  callAgain(): void {
    this.#calls += 1;
  }

  /** Never rejects: the task is told what ended an attempt. */
  async #run(): Promise<void> {
    const backoff = new Backoff(this.#platform);
    for (;;) {
      const calls = this.#calls;
      const hurries = this.#hurries;
      let pauseMs: number | undefined;
      try {
        await this.#task.attempt(() => backoff.reset());
        if (this.#calls !== calls) continue;
        this.#task.succeeded();
        break;
      } catch (error) {
        pauseMs = passingAfter(error);
        await this.#task.failed(error, pauseMs !== undefined);
      }
      if (this.#stop.aborted || (pauseMs === undefined && this.#calls === calls)) break;
      await this.#task.beforeRetry();
      if (pauseMs !== undefined) await this.#pause(backoff.next(pauseMs), hurries);
    }
    this.#isRunning = false;
  }

  async #pause(ms: number, hurries: number): Promise<void> {
    if (this.#hurries !== hurries) return;
    const early = new AbortController();
    this.#endPause = () => early.abort();
    const ended = AbortSignal.any([early.signal, this.#stop]);
    await this.#platform.delay(ms, ended).catch(() => undefined);
    this.#endPause = () => undefined;
  }
}
