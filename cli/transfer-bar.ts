import type { TransferProgress } from '../sdk/index.ts';
import { TerminalLine } from './terminal-line.ts';

const MAX_BAR_CELLS = 24;
const MIN_BAR_CELLS = 4;
/** Without a byte for so long, people are told that it is not the screen that hangs. */
const STILL_MS = 3_000;
const LOOK_EVERY_MS = 1_000;

/** How far a transfer is. */
export class TransferBar {
  readonly #label: string;
  readonly #line: TerminalLine;
  readonly #look: NodeJS.Timeout;
  #latest: TransferProgress | undefined;
  #movedAt = 0;

  constructor(label: string, isJson: boolean) {
    this.#label = label;
    this.#line = new TerminalLine(isJson);
    this.#look = setInterval(() => this.#paint(), LOOK_EVERY_MS).unref();
  }

  /** Whether all bytes are through, so that only an answer is missing. */
  get isFull(): boolean {
    return this.#latest !== undefined && this.#latest.bytes >= this.#latest.totalBytes;
  }

  show(progress: TransferProgress): void {
    this.#latest = progress;
    this.#movedAt = Date.now();
    this.#paint(this.isFull);
  }

  end(): void {
    clearInterval(this.#look);
    this.#line.end();
  }

  #paint(isLast = false): void {
    if (this.#latest === undefined) return;
    const isStill = Date.now() - this.#movedAt >= STILL_MS;
    this.#line.show(transferLine(this.#label, this.#latest, { columns: this.#line.columns, isStill }), isLast);
  }
}

/** One line that fits: where there is less room, the bar is shorter. */
export function transferLine(
  label: string,
  { bytes, totalBytes }: TransferProgress,
  { columns, isStill }: { readonly columns: number; readonly isStill: boolean },
): string {
  const share = totalBytes === 0 ? 1 : bytes / totalBytes;
  const percent = String(Math.floor(share * 100)).padStart(3);
  const numbers = ` ${percent} %  ${mib(bytes)} of ${mib(totalBytes)} MiB${isStill ? ', waiting' : ''}`;
  const room = columns - 2 - label.length - numbers.length;
  const cells = Math.max(MIN_BAR_CELLS, Math.min(MAX_BAR_CELLS, room));
  const filled = Math.round(share * cells);
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(cells - filled)}${numbers}`;
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
