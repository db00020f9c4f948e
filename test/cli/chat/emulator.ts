import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import xterm from '@xterm/headless';
import type { Input, Output } from '../../../cli/chat/screen.ts';

export interface Emulated {
  readonly input: Input;
  readonly output: Output;
  /** Types as a keyboard does. */
  type(keys: string): void;
  /** What is on the screen, row by row, without spaces and rows at the ends. */
  rows(): Promise<readonly string[]>;
  /** Waits until something is on the screen, and gives all that is. */
  until(text: string | RegExp): Promise<readonly string[]>;
  /** Where the cursor is. */
  cursor(): Promise<{ readonly row: number; readonly column: number }>;
  resize(columns: number): void;
  /** Whether keys come one by one, without an echo of the system's. */
  isRaw(): boolean;
  /** Everything that was ever written to it. */
  written(): string;
  close(): void;
}

/** A terminal without a screen: a real emulator that interprets every byte, in the place of the process's own streams. */
export function emulate(columns = 80, lines = 24): Emulated {
  const terminal = new xterm.Terminal({ cols: columns, rows: lines, allowProposedApi: true, convertEol: true });
  const keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (isRaw: boolean): void => void (keyboard.isRaw = isRaw),
  });
  let written = '';
  const output = Object.assign(
    new Writable({
      decodeStrings: false,
      write: (text: string | Buffer, _encoding, done) => {
        written += text.toString();
        terminal.write(text.toString(), done);
      },
    }),
    { isTTY: true, columns, rows: lines },
  );
  const settled = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve));
  const rows = async (): Promise<readonly string[]> => {
    await settled();
    const { active } = terminal.buffer;
    const all = Array.from({ length: active.length }, (_, row) =>
      (active.getLine(row)?.translateToString(true) ?? '').trimEnd(),
    );
    while (all.at(-1) === '') all.pop();
    return all;
  };
  return {
    input: keyboard,
    output,
    type: (keys) => void keyboard.write(keys),
    rows,
    until: async (text) => {
      for (let waited = 0; ; waited += 20) {
        const shown = await rows();
        const screen = shown.join('\n');
        if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return shown;
        if (waited > 60_000) throw new Error(`${String(text)} did not come:\n${screen}`);
        await sleep(20);
      }
    },
    cursor: async () => {
      await settled();
      const { cursorX, cursorY, baseY } = terminal.buffer.active;
      return { row: baseY + cursorY, column: cursorX };
    },
    resize: (width) => {
      terminal.resize(width, lines);
      Object.assign(output, { columns: width });
      output.emit('resize');
    },
    isRaw: () => keyboard.isRaw,
    written: () => written,
    close: () => terminal.dispose(),
  };
}
