import type { TransferProgress } from '../sdk/index.ts';

const BAR_CELLS = 24;
/** A terminal need not be written to more often than people see. */
const PAINT_MS = 80;

/** How far a transfer is, on one line of a terminal's standard error that is gone when it ends; nothing where it is no terminal. */
export class TransferBar {
  readonly #label: string;
  readonly #isShown: boolean;
  #paintedAt = 0;

  constructor(label: string, isJson: boolean) {
    this.#label = label;
    this.#isShown = !isJson && process.stderr.isTTY;
  }

  show({ bytes, totalBytes }: TransferProgress): void {
    const now = Date.now();
    if (!this.#isShown || (now - this.#paintedAt < PAINT_MS && bytes < totalBytes)) return;
    this.#paintedAt = now;
    const share = totalBytes === 0 ? 1 : bytes / totalBytes;
    const filled = Math.round(share * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const percent = String(Math.floor(share * 100)).padStart(3);
    process.stderr.write(`\r\u001b[K${this.#label} ${bar} ${percent} %  ${mib(bytes)} of ${mib(totalBytes)} MiB`);
  }

  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
  }
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
