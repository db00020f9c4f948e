import { clip } from './chat/wrap.ts';

/** One line of a terminal's standard error that tells how far something is, and is gone when it ends; nothing where it is no terminal. */
export class TerminalLine {
  #isShown: boolean;
  #paintedAt = 0;

  constructor(isJson: boolean) {
    this.#isShown = !isJson && process.stderr.isTTY;
  }

  get columns(): number {
    return process.stderr.columns || 80;
  }

  /** `isLast` is painted whatever was painted just before. Nothing is, once the line has ended: what stands there is others'. */
  show(text: string, isLast = false): void {
    const now = Date.now();
    if (!this.#isShown || (now - this.#paintedAt < PAINT_MS && !isLast)) return;
    this.#paintedAt = now;
    process.stderr.write(`\r\u001b[K${clip(text, this.columns - 1)}`);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }
}

/** A terminal need not be written to more often than people see. */
const PAINT_MS = 80;
