import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../../core/bytes/index.ts';
import {
  formatNote,
  formatSignatureLine,
  MAX_NAME_LENGTH,
  MAX_NOTE_LENGTH,
  MAX_NOTE_SIGNATURES,
  openNote,
  parseNote,
  signNote,
  type Note,
} from '../../../core/note/index.ts';
import { signerOf, verify } from './signer.ts';

const alice = signerOf('example.com/alice', 'ed25519', 1);
const bob = signerOf('example.com/bob', 'ed25519', 2);
const SIGNED = signNote('hello\n', alice);
const LINE = SIGNED.split('\n')[2]!;
const ENCODED = LINE.split(' ')[2]!;

function codeOf(result: { readonly ok: boolean; readonly error?: { readonly code: string } }): string {
  return result.error?.code ?? 'accepted';
}

describe('parseNote', () => {
  test('[TR2] reads back every note that formatNote writes', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
    const text = fc.array(line, { minLength: 1 }).map((lines) => `${lines.join('\n')}\n`);
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((s) => !/[\p{White_Space}+\p{Cc}]/u.test(s));
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
    const signature = fc.record({ name, keyId: bytes(4, 4), signature: bytes(1, 80) });
    const note = fc.record({ text, signatures: fc.array(signature, { minLength: 1, maxLength: 5 }) });
    fc.assert(
      fc.property(note, (value) => {
        expect(parseNote(formatNote(value))).toEqual({ ok: true, value });
      }),
    );
  });

  test('[TR2] takes the last empty line for the end of the text', () => {
    const note = signNote('a\n\n\nb\n\n', alice);
    expect(parseNote(note)).toMatchObject({ ok: true, value: { text: 'a\n\n\nb\n\n' } });
  });

  test.each([
    ['no empty line', `hello\n${LINE}\n`],
    ['no newline at the end', SIGNED.slice(0, -1)],
    ['nothing', ''],
  ])('[TR2] refuses a note with %s', (_what, note) => {
    expect(codeOf(parseNote(note))).toBe('note-malformed');
  });

  test.each([
    ['a carriage return', SIGNED.replace('hello\n', 'hello\r\n')],
    ['a tab', SIGNED.replace('hello', 'he\tllo')],
    ['a zero byte', SIGNED.replace('hello', 'he\u0000llo')],
    ['an escape', SIGNED.replace('hello', '\u001b[31mhello')],
    ['a lone surrogate', SIGNED.replace('hello', 'he\ud800llo')],
  ])('[TR1] refuses a note with %s', (_what, note) => {
    expect(codeOf(parseNote(note))).toBe('note-malformed');
  });

  const malformedLines: readonly [string, string][] = [
    ['no line', ''],
    ['a hyphen for the dash', LINE.replace('—', '-')],
    ['no space after the dash', LINE.replace('— ', '—')],
    ['an en dash', LINE.replace('—', '–')],
    ['two spaces', LINE.replace(` ${ENCODED}`, `  ${ENCODED}`)],
    ['a space at the end', `${LINE} `],
    ['no name', `—  ${ENCODED}`],
    ['a plus in the name', LINE.replace('alice', 'al+ice')],
    ['a no-break space in the name', LINE.replace('alice', 'al\u00a0ice')],
    ['no signature', '— example.com/alice'],
    ['a key id alone', `— example.com/alice ${toBase64(new Uint8Array(4))}`],
    ['base64 without padding', LINE.replace(/=+$/, '')],
    ['base64 with stray low bits', `— example.com/alice ${toBase64(new Uint8Array(5)).replace('A=', 'B=')}`],
    ['base64url', `— example.com/alice ${'_'.repeat(8)}`],
    ['a name past the limit', LINE.replace('example.com/alice', 'a'.repeat(MAX_NAME_LENGTH + 1))],
  ];
  test.each(malformedLines)('[TR3] refuses a signature line with %s', (_what, line) => {
    const second = parseNote(`hello\n\n${LINE}\n${line}\n`);
    // An empty line ends the text, so what stands before it is then text.
    if (line !== '') expect(second).toEqual({ ok: false, error: { code: 'note-signature-malformed', line: 1 } });
    expect(codeOf(parseNote(`hello\n\n${line}\n`))).toBe('note-signature-malformed');
  });

  test('[TR9] takes 64 signatures and 524,288 units, and no more', () => {
    const lines = (count: number) => `${LINE}\n`.repeat(count);
    expect(codeOf(parseNote(`hello\n\n${lines(MAX_NOTE_SIGNATURES)}`))).toBe('accepted');
    expect(codeOf(parseNote(`hello\n\n${lines(MAX_NOTE_SIGNATURES + 1)}`))).toBe('note-too-large');
    const padded = (length: number) => `${'x'.repeat(length - SIGNED.length)}${SIGNED}`;
    expect(codeOf(parseNote(padded(MAX_NOTE_LENGTH)))).toBe('accepted');
    expect(codeOf(parseNote(padded(MAX_NOTE_LENGTH + 1)))).toBe('note-too-large');
  });
});

describe('formatNote', () => {
  test('[TR2] throws for a text or name that no parser would take', () => {
    for (const text of ['', 'hello', 'a\rb\n', 'a\ud800\n'])
      expect(() => formatNote({ text, signatures: [] })).toThrow(RangeError);
    const { signatures } = (parseNote(SIGNED) as { value: Note }).value;
    expect(() => formatSignatureLine({ ...signatures[0]!, name: 'a b' })).toThrow(RangeError);
  });
});

describe('openNote', () => {
  const both =
    SIGNED + formatSignatureLine({ name: bob.key.name, keyId: bob.key.keyId, signature: bob.sign(bytesOf('hello\n')) });

  test('[TR5] verifies the signatures of known keys and ignores the rest', () => {
    const byAlice = { kind: 'ed25519', key: alice.key };
    expect(openNote(both, [alice.key], verify)).toEqual({
      ok: true,
      value: { text: 'hello\n', signatures: [byAlice] },
    });
    const opened = openNote(both, [bob.key, alice.key], verify);
    expect(opened).toMatchObject({ ok: true, value: { signatures: [byAlice, { key: bob.key }] } });
  });

  test('[TR5] refuses a note that no known key signed', () => {
    expect(openNote(SIGNED, [bob.key], verify)).toEqual({ ok: false, error: { code: 'note-unsigned' } });
    expect(openNote(SIGNED, [], verify)).toEqual({ ok: false, error: { code: 'note-unsigned' } });
  });

  test('[TR5] refuses the whole note where one known key does not verify', () => {
    const tampered = both.replace('hello', 'hullo');
    expect(codeOf(openNote(tampered, [alice.key], verify))).toBe('note-signature-invalid');
    const impostor = { ...bob.key, publicKey: alice.key.publicKey };
    const refused = openNote(both, [alice.key, impostor], verify);
    expect(refused).toEqual({ ok: false, error: { code: 'note-signature-invalid', name: bob.key.name } });
  });

  test('[TR5] a shared name or a shared key id alone is another key', () => {
    const sameName = { ...alice.key, keyId: Uint8Array.of(1, 2, 3, 4) };
    const sameId = { ...alice.key, name: 'example.com/eve' };
    for (const key of [sameName, sameId]) expect(codeOf(openNote(SIGNED, [key], verify))).toBe('note-unsigned');
  });

  test('[TR5] answers with a promise where the port does', async () => {
    const later = async (jobs: Parameters<typeof verify>[0]) => verify(jobs);
    expect(await openNote(both, [alice.key], later)).toEqual(openNote(both, [alice.key], verify));
    const pending = openNote('no note', [alice.key], later);
    expect(pending).toBeInstanceOf(Promise);
    expect(await pending).toEqual({ ok: false, error: { code: 'note-malformed' } });
  });

  test('[TR5] refuses a note after any one character of its text changed', () => {
    const note = signNote('some text, two lines\nof it\n', alice);
    const end = note.lastIndexOf('\n\n');
    fc.assert(
      fc.property(
        fc.nat(end - 1),
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        (at, replacement) => {
          fc.pre(note[at] !== replacement);
          return !openNote(note.slice(0, at) + replacement + note.slice(at + 1), [alice.key], verify).ok;
        },
      ),
      { numRuns: 40 },
    );
  });
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
