import { createInterface, type Interface } from 'node:readline';
import { BRACKET_PASTES, LEAVE_PASTES, NEW_LINE_SIGN, PasteFilter } from './paste-filter.ts';

const PROMPT = '› ';
const HISTORY = 200;
const DEFAULT_COLUMNS = 80;

export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface ScreenOptions {
  readonly input: Input;
  readonly output: Output;
  /** What Tab may complete the line to. */
  readonly complete: (line: string) => readonly string[];
  /** Lines in and rows out, also at a terminal. */
  readonly isPlain: boolean;
}

/** Where a conversation is shown and typed. */
export interface Screen {
  /** Whether a person types: then lines may be commands, and what is under way is shown. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** What was typed, until the input ends or the screen is closed. */
  lines(): AsyncIterableIterator<string>;
  /** Rows that stay. */
  print(rows: readonly string[]): void;
  /** Rows between those that stay and the line that is typed, in the place of the last such. None may be wider than the screen. */
  setStatus(rows: readonly string[]): void;
  /** Calls back when the width has changed. */
  onResize(listener: () => void): void;
  close(): void;
}

export function createScreen(options: ScreenOptions): Screen {
  const { input, output, isPlain } = options;
  return input.isTTY === true && output.isTTY === true && !isPlain ? new LiveScreen(options) : new PlainScreen(options);
}

/** A terminal: what comes in goes above the line that is being typed, which stays as it is. */
class LiveScreen implements Screen {
  readonly isInteractive = true;
  readonly #output: Output;
  readonly #keys: PasteFilter;
  readonly #editor: Interface;
  readonly #typed = new LineQueue();
  #status: readonly string[] = [];

  constructor({ input, output, complete }: ScreenOptions) {
    this.#output = output;
    this.#keys = new PasteFilter(input);
    this.#editor = createInterface({
      input: this.#keys,
      output,
      terminal: true,
      prompt: PROMPT,
      historySize: HISTORY,
      completer: (line: string) => [complete(line), line],
    });
    this.#editor.on('line', (line) => this.#take(line));
    this.#editor.on('SIGINT', () => this.close());
    this.#editor.on('close', () => this.close());
    output.write(BRACKET_PASTES);
    this.#editor.prompt();
  }

  get columns(): number {
    return this.#output.columns ?? DEFAULT_COLUMNS;
  }

  lines(): AsyncIterableIterator<string> {
    return this.#typed.read();
  }

  print(rows: readonly string[]): void {
    if (this.#typed.isEnded) this.#output.write(`${rows.join('\n')}\n`);
    else if (rows.length > 0) this.#redraw(rows);
  }

  setStatus(rows: readonly string[]): void {
    const isSame = rows.length === this.#status.length && rows.every((row, index) => row === this.#status[index]);
    if (isSame || this.#typed.isEnded) return;
    this.#redraw([], rows);
  }

  onResize(listener: () => void): void {
    this.#output.on('resize', listener);
  }

  close(): void {
    if (this.#typed.isEnded) return;
    this.#erase(this.#editor.getCursorPos().rows);
    this.#typed.end();
    this.#editor.close();
    this.#keys.detach();
    this.#output.write(LEAVE_PASTES);
  }

  /** The editor has ended the row already. What was typed comes back as a message, so its rows are taken away. */
  #take(line: string): void {
    const editor = this.#editor as unknown as { line: string; cursor: number };
    Object.assign(editor, { line, cursor: line.length });
    const { rows } = this.#editor.getCursorPos();
    Object.assign(editor, { line: '', cursor: 0 });
    this.#erase(rows + 1);
    this.#editor.prompt();
    this.#typed.add(line.replaceAll(NEW_LINE_SIGN, '\n'));
  }

  #redraw(rows: readonly string[], status = this.#status): void {
    this.#erase(this.#editor.getCursorPos().rows);
    if (rows.length > 0) this.#output.write(`${rows.join('\n')}\n`);
    this.#status = status;
    this.#editor.setPrompt([...status, PROMPT].join('\n'));
    this.#editor.prompt(true);
  }

  /** From so many rows above the cursor to the end of the screen. */
  #erase(rows: number): void {
    this.#output.write(`${rows > 0 ? `\u001b[${rows}A` : ''}\r\u001b[J`);
    // The editor would go up to where it began the last time; it begins anew here.
    (this.#editor as unknown as { prevRows: number }).prevRows = 0;
  }
}

/** A file or a pipe on either side: rows as they come, and lines as they are. */
class PlainScreen implements Screen {
  readonly isInteractive: boolean;
  readonly columns = Number.POSITIVE_INFINITY;
  readonly #output: Output;
  readonly #typed = new LineQueue();
  readonly #reader: Interface;
  readonly #input: Input;

  constructor({ input, output, isPlain }: ScreenOptions) {
    this.isInteractive = input.isTTY === true && !isPlain;
    this.#input = input;
    this.#output = output;
    this.#reader = createInterface({ input, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    this.#reader.on('line', (line) => {
      // A file is read no faster than it can be sent.
      if (this.#typed.add(line)) this.#reader.pause();
    });
    this.#typed.onRoom = () => void this.#reader.resume();
    this.#reader.on('close', () => this.#typed.end());
  }

  lines(): AsyncIterableIterator<string> {
    return this.#typed.read();
  }

  print(rows: readonly string[]): void {
    if (rows.length > 0) this.#output.write(`${rows.join('\n')}\n`);
  }

  setStatus(): void {
    // What changes has no place among lines that stay.
  }

  onResize(): void {
    // Nothing is wrapped.
  }

  close(): void {
    this.#typed.end();
    this.#reader.close();
    this.#input.pause();
  }
}

const MANY_LINES = 100;

/** Lines that were typed and not yet dealt with. */
class LineQueue {
  readonly #lines: string[] = [];
  #wake = (): void => undefined;
  isEnded = false;
  onRoom = (): void => undefined;

  /** Whether that is enough for now. */
  add(line: string): boolean {
    this.#lines.push(line);
    this.#wake();
    return this.#lines.length >= MANY_LINES;
  }

  end(): void {
    this.isEnded = true;
    this.#wake();
  }

  async *read(): AsyncGenerator<string, void, undefined> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        yield line;
        continue;
      }
      if (this.isEnded) return;
      this.onRoom();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
