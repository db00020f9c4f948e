import { Transform, type TransformCallback } from 'node:stream';

const PASTE_BEGINS = '\u001b[200~';
const PASTE_ENDS = '\u001b[201~';
/** Meta-Enter, as terminals send it. */
const NEW_LINE_KEYS = ['\u001b\r', '\u001b\n'] as const;
/** Shows where a new line will be, since the line that is edited is one. */
export const NEW_LINE_SIGN = '⏎';

/** A terminal that is asked to brackets what is pasted, so that a pasted new line is told from Enter. */
export const BRACKET_PASTES = '\u001b[?2004h';
export const LEAVE_PASTES = '\u001b[?2004l';

type Terminal = NodeJS.ReadableStream & { setRawMode?: (isRaw: boolean) => unknown };

/** Keys on their way to the line editor, in which new lines that are part of a message are signs and not Enter. */
export class PasteFilter extends Transform {
  readonly isTTY = true;
  readonly #terminal: Terminal;
  /** The beginning of a sequence that a chunk was cut in. */
  #held = '';
  #isPasting = false;

  constructor(terminal: Terminal) {
    super({ decodeStrings: false, encoding: 'utf8' });
    this.#terminal = terminal;
    terminal.setEncoding('utf8').pipe(this);
  }

  /** Asked for by the line editor. */
  setRawMode(isRaw: boolean): this {
    this.#terminal.setRawMode?.(isRaw);
    return this;
  }

  detach(): void {
    this.#terminal.unpipe(this);
    this.#terminal.pause();
  }

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = this.#held + chunk.toString();
    this.#held = '';
    let keys = '';
    while (rest !== '') {
      const taken = this.#take(rest);
      if (taken === undefined) {
        this.#held = rest;
        break;
      }
      keys += taken.keys;
      rest = rest.slice(taken.length);
    }
    done(null, keys === '' ? undefined : keys);
  }

  /** The next key, or undefined where more of it has to come. */
  #take(text: string): { keys: string; length: number } | undefined {
    const mark = this.#isPasting ? PASTE_ENDS : PASTE_BEGINS;
    if (text.startsWith(mark)) {
      this.#isPasting = !this.#isPasting;
      return { keys: '', length: mark.length };
    }
    // A lone Escape is a key, but within a paste it can only be the beginning of its end.
    if ((text.length > 1 || this.#isPasting) && mark.startsWith(text)) return undefined;
    if (this.#isPasting) {
      const [newLine] = /^\r\n?|^\n/.exec(text) ?? [];
      if (newLine !== undefined) return { keys: NEW_LINE_SIGN, length: newLine.length };
      // What is pasted is text: no key of it moves the cursor or ends the program.
      return { keys: /^[\p{Cc}]/u.test(text) ? ' ' : text.slice(0, 1), length: 1 };
    }
    const newLine = NEW_LINE_KEYS.find((key) => text.startsWith(key));
    return newLine === undefined
      ? { keys: text.slice(0, 1), length: 1 }
      : { keys: NEW_LINE_SIGN, length: newLine.length };
  }
}
