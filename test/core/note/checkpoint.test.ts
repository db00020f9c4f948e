import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cosignatureMessage,
  cosignCheckpoint,
  encodeTimestampedSignature,
  formatCheckpoint,
  formatSignatureLine,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseTimestampedSignature,
  signNote,
  type Checkpoint,
} from '../../../core/note/index.ts';
import { bytesToUtf8, toBase64 } from '../../../core/bytes/index.ts';
import { signerOf, verify } from './signer.ts';

const ORIGIN = 'relay.example/v1/chains/abc/log';
const ROOT = new Uint8Array(32).fill(5);
const ENCODED_ROOT = toBase64(ROOT);
const CHECKPOINT: Checkpoint = { origin: ORIGIN, size: 12, root: ROOT, extensions: [] };
const TEXT = `${ORIGIN}\n12\n${ENCODED_ROOT}\n`;
const TIME_S = 1_679_315_147;

const log = signerOf(ORIGIN, 'ed25519', 1);
const witness = signerOf('witness.example/w1', 'cosignature-v1', 2);
const NOTE = signNote(TEXT, log);
const COSIGNED = NOTE + formatSignatureLine(cosignCheckpoint(TEXT, witness, TIME_S));

describe('checkpoint text', () => {
  test('[TR6] has three lines', () => {
    expect(formatCheckpoint(CHECKPOINT)).toBe(TEXT);
    expect(parseCheckpoint(TEXT)).toEqual({ ok: true, value: CHECKPOINT });
  });

  test('[TR6] reads back everything that it writes', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !/\p{Cc}/u.test(text));
    const checkpoint = fc.record({
      origin: line,
      size: fc.maxSafeNat(),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(checkpoint, (value) => {
        expect(parseCheckpoint(formatCheckpoint(value))).toEqual({ ok: true, value });
      }),
    );
  });

  const malformed: readonly [string, string][] = [
    ['nothing', ''],
    ['no last newline', TEXT.slice(0, -1)],
    ['another character for the last newline', `${TEXT.slice(0, -1)}x`],
    ['an empty last line', `${TEXT}\n`],
    ['an empty origin', `\n12\n${ENCODED_ROOT}\n`],
    ['no root', `${ORIGIN}\n12\n`],
    ['a leading zero', TEXT.replace('12', '012')],
    ['a size of 00', TEXT.replace('12', '00')],
    ['a plus sign', TEXT.replace('12', '+12')],
    ['a minus sign', TEXT.replace('12', '-12')],
    ['a space before the size', TEXT.replace('12', ' 12')],
    ['an exponent', TEXT.replace('12', '1e3')],
    ['digits that are not ASCII', TEXT.replace('12', '١٢')],
    ['no size', TEXT.replace('12', '')],
    ['a carriage return', TEXT.replaceAll('\n', '\r\n')],
    ['base64 without padding', TEXT.replace(/=\n$/, '\n')],
    ['a root of 31 bytes', TEXT.replace(ENCODED_ROOT, toBase64(ROOT.subarray(1)))],
    ['a root of 33 bytes', TEXT.replace(ENCODED_ROOT, toBase64(Uint8Array.from([...ROOT, 0])))],
    ['stray low bits in the root', TEXT.replace('U=\n', 'V=\n')],
    ['an empty extension line', `${TEXT}\nextension\n`],
    ['an origin of 1,025 characters', TEXT.replace(ORIGIN, 'o'.repeat(1_025))],
    ['an extension line of 1,025 characters', `${TEXT}${'e'.repeat(1_025)}\n`],
  ];
  test.each(malformed)('[TR6] refuses one with %s', (_what, text) => {
    expect(parseCheckpoint(text)).toEqual({ ok: false, error: { code: 'checkpoint-malformed' } });
  });

  test('[TR9] takes an origin and extension lines of 1,024 characters', () => {
    const longest = 'x'.repeat(1_024);
    const text = `${TEXT.replace(ORIGIN, longest)}${longest}\n`;
    expect(parseCheckpoint(text)).toMatchObject({ ok: true, value: { origin: longest, extensions: [longest] } });
  });

  test('[TR6] takes sizes up to 2^53 - 1', () => {
    const withSize = (size: string) => parseCheckpoint(TEXT.replace('12', size));
    expect(withSize('9007199254740991')).toMatchObject({ ok: true, value: { size: Number.MAX_SAFE_INTEGER } });
    for (const size of ['9007199254740992', '18446744073709551615', '9'.repeat(400)]) {
      expect(withSize(size)).toEqual({ ok: false, error: { code: 'checkpoint-size-too-large' } });
    }
  });

  test('[TR6] throws for values that no parser would take', () => {
    const bad: Partial<Checkpoint>[] = [
      { size: -1 },
      { size: 1.5 },
      { size: 2 ** 53 },
      { origin: '' },
      { origin: 'a\nb' },
      { extensions: [''] },
      { root: new Uint8Array(31) },
    ];
    for (const change of bad) expect(() => formatCheckpoint({ ...CHECKPOINT, ...change })).toThrow(RangeError);
  });
});

describe('openCheckpoint', () => {
  const trust = { origin: ORIGIN, logKey: log.key, verify };

  test('[TR7] opens what the log signed', () => {
    expect(openCheckpoint(NOTE, trust)).toEqual({
      ok: true,
      value: { checkpoint: CHECKPOINT, text: TEXT, signatures: [{ kind: 'ed25519', key: log.key }] },
    });
  });

  test('[TR7] refuses another origin', () => {
    const opened = openCheckpoint(NOTE, { ...trust, origin: 'relay.example/v1/chains/other/log' });
    expect(opened).toEqual({ ok: false, error: { code: 'checkpoint-wrong-origin', origin: ORIGIN } });
  });

  test('[TR7] refuses what only a witness signed', () => {
    const note = `${TEXT}\n${formatSignatureLine(cosignCheckpoint(TEXT, witness, TIME_S))}`;
    const opened = openCheckpoint(note, { ...trust, cosigners: [witness.key] });
    expect(opened).toEqual({ ok: false, error: { code: 'note-unsigned' } });
  });

  test('[TR6] refuses a signed text that is no checkpoint', () => {
    expect(openCheckpoint(signNote('hello\n', log), trust)).toEqual({
      ok: false,
      error: { code: 'checkpoint-malformed' },
    });
  });

  test('[TR8] gives the times of verified cosignatures', () => {
    const opened = openCheckpoint(COSIGNED, { ...trust, cosigners: [witness.key] });
    expect(opened).toMatchObject({
      ok: true,
      value: { signatures: [{ kind: 'ed25519' }, { kind: 'cosignature-v1', key: witness.key, timeSeconds: TIME_S }] },
    });
  });

  test('[TR7] answers with a promise where the port does', async () => {
    const opened = openCheckpoint(COSIGNED, {
      ...trust,
      verify: async (jobs: Parameters<typeof verify>[0]) => verify(jobs),
    });
    expect(opened).toBeInstanceOf(Promise);
    expect(await opened).toEqual(openCheckpoint(COSIGNED, trust));
  });
});

describe('cosignatures', () => {
  test('[TR8] cover header, time and the whole text', () => {
    const message = cosignatureMessage(TIME_S, TEXT);
    expect(bytesToUtf8(message)).toBe(`cosignature/v1\ntime 1679315147\n${TEXT}`);
  });

  test('[TR8] do not verify under another time', () => {
    const line = cosignCheckpoint(TEXT, witness, TIME_S);
    const moved = line.signature.slice();
    moved[7] = moved[7]! ^ 1;
    const note = (signature: Uint8Array) => `${TEXT}\n${formatSignatureLine({ ...line, signature })}`;
    expect(openNote(note(line.signature), [witness.key], verify).ok).toBe(true);
    expect(openNote(note(moved), [witness.key], verify)).toMatchObject({ error: { code: 'note-signature-invalid' } });
    expect(openNote(note(line.signature.subarray(1)), [witness.key], verify)).toMatchObject({
      error: { code: 'note-signature-invalid' },
    });
  });

  test('[TR8] carry the time as eight big-endian bytes, refused past 2^53 - 1', () => {
    const signature = new Uint8Array(64).fill(7);
    const bytes = encodeTimestampedSignature({ timeSeconds: 0x01_0203_0405, signature });
    expect([...bytes.subarray(0, 9)]).toEqual([0, 0, 0, 1, 2, 3, 4, 5, 7]);
    fc.assert(
      fc.property(fc.maxSafeNat(), (timeSeconds) => {
        const stamped = { timeSeconds, signature };
        expect(parseTimestampedSignature(encodeTimestampedSignature(stamped))).toEqual(stamped);
      }),
    );
    for (const length of [0, 71, 73]) expect(parseTimestampedSignature(new Uint8Array(length))).toBeUndefined();
    for (const late of [[0, 0x20, 0, 0, 0, 0, 0, 0], new Array<number>(8).fill(0xff)]) {
      expect(parseTimestampedSignature(Uint8Array.from([...late, ...signature]))).toBeUndefined();
    }
    expect(() => cosignatureMessage(-1, TEXT)).toThrow(RangeError);
    expect(() => cosignatureMessage(2n ** 63n, TEXT)).toThrow(RangeError);
  });

  test('[TR8] come from cosignature keys, and notes from plain ones', () => {
    expect(() => cosignCheckpoint(TEXT, log, TIME_S)).toThrow(RangeError);
    expect(() => signNote(TEXT, witness)).toThrow(RangeError);
  });
});
