import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { basename } from 'node:path';

/**
 * Knows the workerd behind a Miniflare, which keeps it to itself and replaces it when it crashes. Node reports every
 * child process that is made; a workerd that is made while this relay has none is its.
 */
export class RuntimeWatch {
  readonly #onStart: (pid: number) => void;
  #runtime: ChildProcess | undefined;

  constructor(onStart: (pid: number) => void) {
    this.#onStart = onStart;
    subscribe('child_process', this.#see);
  }

  /** 0 before the first has started. */
  get pid(): number {
    return this.#runtime?.pid ?? 0;
  }

  close(): void {
    unsubscribe('child_process', this.#see);
  }

  readonly #see = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    child.once('spawn', () => {
      if (!basename(child.spawnfile).startsWith('workerd') || child.pid === undefined || this.#isServed()) return;
      this.#runtime = child;
      this.#onStart(child.pid);
    });
  };

  #isServed(): boolean {
    return this.#runtime !== undefined && this.#runtime.exitCode === null && this.#runtime.signalCode === null;
  }
}
