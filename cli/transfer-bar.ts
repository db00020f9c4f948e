import type { TransferProgress } from '../sdk/index.ts';
import { TerminalLine } from './terminal-line.ts';

const BAR_CELLS = 24;

/** How far a transfer is. */
export class TransferBar {
  readonly #label: string;
  readonly #line: TerminalLine;

  constructor(label: string, isJson: boolean) {
    this.#label = label;
    this.#line = new TerminalLine(isJson);
  }

  show({ bytes, totalBytes }: TransferProgress): void {
    const share = totalBytes === 0 ? 1 : bytes / totalBytes;
    const filled = Math.round(share * BAR_CELLS);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled);
    const percent = String(Math.floor(share * 100)).padStart(3);
    const text = `${this.#label} ${bar} ${percent} %  ${mib(bytes)} of ${mib(totalBytes)} MiB`;
    this.#line.show(text, bytes >= totalBytes);
  }

  end(): void {
    this.#line.end();
  }
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
