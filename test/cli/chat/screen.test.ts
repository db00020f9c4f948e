import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScreen, type Screen } from '../../../cli/chat/screen.ts';
import { emulate, type Emulated } from './emulator.ts';

const UP = '\u001b[A';
const LEFT = '\u001b[D';

let terminal: Emulated;
let screen: Screen;
let lines: string[];
let ended: Promise<void>;

beforeEach(() => {
  terminal = emulate();
  screen = createScreen({
    input: terminal.input,
    output: terminal.output,
    isPlain: false,
    complete: (line) => ['/help', '/members'].filter((word) => word.startsWith(line)),
  });
  lines = [];
  ended = (async () => {
    for await (const line of screen.lines()) lines.push(line);
  })();
});

afterEach(() => {
  screen.close();
  terminal.close();
});

/** Waits until that is all that is on the screen. */
const shows = (rows: readonly string[]) => expect.poll(() => terminal.rows(), { timeout: 60_000 }).toEqual(rows);

async function typed(keys: string, shown: string | RegExp): Promise<readonly string[]> {
  terminal.type(keys);
  return terminal.until(shown);
}

describe('a conversation’s screen', () => {
  it('shows what comes above the line that is being typed, which stays as it is', async () => {
    await typed(`half a senten${LEFT}${LEFT}`, '› half a senten');
    screen.print(['14:02  alice  one', '14:02  alice  two']);
    await shows(['14:02  alice  one', '14:02  alice  two', '› half a senten']);
    expect(await terminal.cursor()).toEqual({ row: 2, column: 13 });
    terminal.type('X');
    await shows(['14:02  alice  one', '14:02  alice  two', '› half a sentXen']);
    terminal.type('\r');
    await shows(['14:02  alice  one', '14:02  alice  two', '›']);
    expect(lines).toEqual(['half a sentXen']);
  });

  it('keeps a line that is wider than the terminal whole, over many interruptions and with wide characters', async () => {
    const long = `${'あいうえお'.repeat(12)} and ${'x'.repeat(70)}`;
    await typed(long, /^x{37}$/m);
    for (let count = 0; count < 5; count++) screen.print([`row ${count}`]);
    screen.setStatus(['○ 14:03  you  something that waits']);
    const shown = await terminal.until(/waits\n(.*\n)+x{37}$/);
    expect(shown.slice(0, 6)).toEqual([
      'row 0',
      'row 1',
      'row 2',
      'row 3',
      'row 4',
      '○ 14:03  you  something that waits',
    ]);
    expect(shown.slice(6).join('').replace(/ $/, '')).toBe(`› ${long}`);
    terminal.type('\r');
    await terminal.until(/waits\n›$/);
    expect(lines).toEqual([long]);
  });

  it('leaves no trace of a line that fills the terminal to its last column', async () => {
    await typed('y'.repeat(78), /y{78}/);
    screen.print(['news']);
    await terminal.until('news');
    terminal.type('\r');
    await shows(['news', '›']);
    expect(lines).toEqual(['y'.repeat(78)]);
  });

  it('puts what is under way in one place, and takes it away', async () => {
    screen.setStatus(['○ first', '○ second']);
    await typed('typing', '› typing');
    screen.setStatus(['◐ first', '○ second', 'offline']);
    await shows(['◐ first', '○ second', 'offline', '› typing']);
    screen.print(['● first']);
    screen.setStatus([]);
    await shows(['● first', '› typing']);
  });

  it('takes what is pasted as one message, with its lines and without its keys', async () => {
    await typed('see: \u001b[200~one\r\ntwo\nthr\u0003ee\u001b[2Jx\u001b[20', 'thr ee [2Jx');
    await typed('1~ done', '› see: one⏎two⏎thr ee [2Jx done');
    expect(lines).toEqual([]);
    terminal.type('\r');
    await terminal.until(/^›$/);
    expect(lines).toEqual(['see: one\ntwo\nthr ee [2Jx done']);
    await typed('above\u001b\rbelow\r', /^›$/);
    expect(lines[1]).toBe('above\nbelow');
  });

  it('has history and completion, and begins each line anew', async () => {
    await typed('first\r', /^›$/);
    await typed(UP, '› first');
    await typed('!\r', /^›$/);
    await typed('/me\t', '› /members');
    expect(lines).toEqual(['first', 'first!']);
  });

  it.each([
    ['Ctrl-C', 'half\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends on %s with the terminal as it was', async (_name, keys) => {
    screen.print(['something']);
    screen.setStatus(['○ waits']);
    expect(terminal.isRaw()).toBe(true);
    await terminal.until('waits');
    terminal.type(keys);
    await ended;
    expect(terminal.isRaw()).toBe(false);
    await shows(['something']);
    expect(terminal.written().endsWith('\u001b[?2004l')).toBe(true);
    screen.print(['last words']);
    await shows(['something', 'last words']);
  });

  it('goes on in a terminal that was made narrower', async () => {
    await typed('some words', '› some words');
    terminal.resize(40);
    expect(screen.columns).toBe(40);
    screen.print(['after']);
    await terminal.until(/after\n› some words$/);
  });
});
