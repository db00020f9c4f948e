import { concatBytes, fromBase64, toBase64 } from '../bytes/index.ts';
import { err, ok, type Result } from '../result.ts';
import { isKeyName, isPlainText } from './key-name.ts';

/** The form of C2SP signed-note: a text, an empty line, and signature lines. Verifying is `openNote`'s. */
export interface Note {
  /** Ends in a newline; may hold empty lines. */
  readonly text: string;
  readonly signatures: readonly SignatureLine[];
}

/** One signature of a note, as it stands there: not verified. */
export interface SignatureLine {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Uint8Array;
  /** What the key made, at least one byte; its form is the algorithm's. */
  readonly signature: Uint8Array;
}

/** Why a text is no note (`TR1`–`TR3`, `TR9`). `line` counts from 0. */
export type NoteRefusal =
  | { readonly code: 'note-too-large' }
  | { readonly code: 'note-malformed' }
  | { readonly code: 'note-signature-malformed'; readonly line: number };

/** In UTF-16 units: room for `MAX_NOTE_SIGNATURES` lines, post-quantum ones included. */
export const MAX_NOTE_LENGTH = 512 * 1024;
/** Signature lines in one note (`TR9`). */
export const MAX_NOTE_SIGNATURES = 64;

const KEY_ID_BYTES = 4;
const LINE_START = '— ';

/**
 * Parses a note (`TR1`-`TR3`). The text reaches to the last empty line. Refuses control characters, ill-formed Unicode,
 * a line that is no signature, base64 in any but its one spelling, and more than the named limits.
 */
export function parseNote(note: string): Result<Note, NoteRefusal> {
  if (note.length > MAX_NOTE_LENGTH) return err({ code: 'note-too-large' });
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n') || !isPlainText(note.replaceAll('\n', '')))
    return err({ code: 'note-malformed' });
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_NOTE_SIGNATURES) return err({ code: 'note-too-large' });
  const signatures: SignatureLine[] = [];
  for (const [line, content] of lines.entries()) {
    const signature = parseSignatureLine(content);
    if (signature === undefined) return err({ code: 'note-signature-malformed', line });
    signatures.push(signature);
  }
  return ok({ text: note.slice(0, split + 1), signatures });
}

function parseSignatureLine(line: string): SignatureLine | undefined {
  if (!line.startsWith(LINE_START)) return undefined;
  const [name = '', encoded = '', ...rest] = line.slice(LINE_START.length).split(' ');
  const bytes = fromBase64(encoded);
  if (rest.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

/** The one spelling of a note. Its text and names are the program's own: a text that no parser would take throws. */
export function formatNote(note: Note): string {
  assertNoteText(note.text);
  const lines = note.signatures.map(formatSignatureLine);
  return `${note.text}\n${lines.join('')}`;
}

/** One line with its newline: what a witness answers, and what is appended to a note to add its signature. */
export function formatSignatureLine({ name, keyId, signature }: SignatureLine): string {
  if (!isKeyName(name)) throw new RangeError('no key name');
  return `${LINE_START}${name} ${toBase64(concatBytes(keyId, signature))}\n`;
}

export function assertNoteText(text: string): void {
  if (!text.endsWith('\n') || !isPlainText(text.replaceAll('\n', ''))) throw new RangeError('no text of a note');
}
