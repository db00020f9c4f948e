import { MINUTE_MS } from '../../core/index.ts';
import type { Timer } from '../../relay/index.ts';

/** What is handed to the platform at a time: pieces of a cell's size take it longer than copying them together does. */
const WRITTEN_BYTES = 1_048_576;

/** How long one of them may lie (`UP7`): whoever takes less holds memory that others need, and may go on by a range. */
const STALLED_MS = MINUTE_MS;

/** What writing so many bytes takes. */
export function writingMemory(totalBytes: number): number {
  return Math.min(WRITTEN_BYTES, totalBytes);
}

/** Nobody takes what is sent. */
class Stalled extends Error {}

/** Writes small pieces as large ones, each once the one before is taken. */
export class LargeWrites {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #room: Uint8Array;
  readonly #startTimer: (ms: number) => Timer;
  #filled = 0;

  /** `totalBytes` is what there will be. */
  constructor(writable: WritableStream<Uint8Array>, totalBytes: number, startTimer: (ms: number) => Timer) {
    this.#writer = writable.getWriter();
    this.#startTimer = startTimer;
    this.#room = new Uint8Array(writingMemory(totalBytes));
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const piece = rest.subarray(0, this.#room.length - this.#filled);
      this.#room.set(piece, this.#filled);
      this.#filled += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#filled === this.#room.length) await this.#flush();
    }
  }

  async close(): Promise<void> {
    if (this.#filled > 0) await this.#flush();
    await this.#unlessStalled(this.#writer.close());
  }

  async abort(reason: unknown): Promise<void> {
    await this.#writer.abort(reason).catch(() => undefined);
  }

  /** The stream is done with the bytes when it has taken them. */
  async #flush(): Promise<void> {
    await this.#unlessStalled(this.#writer.write(this.#room.subarray(0, this.#filled)));
    this.#filled = 0;
  }

  async #unlessStalled(work: Promise<void>): Promise<void> {
    const timer = this.#startTimer(STALLED_MS);
    const stalled = timer.over.then(() => Promise.reject(new Stalled()));
    try {
      await Promise.race([work, stalled]);
    } finally {
      timer.cancel();
    }
  }
}
