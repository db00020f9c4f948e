import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToUtf8, utf8ToBytes } from '../../../core/bytes/index.ts';
import { texts } from './texts.ts';

const platform = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }) };

function decodeOnPlatform(bytes: Uint8Array): string | undefined {
  try {
    return platform.decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes that are nearly UTF-8: leads, continuations and the limits around them, far more often than chance gives. */
const nearlyUtf8 = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf),
      fc.constantFrom(0xe0, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff),
      fc.nat(255),
    ),
    { maxLength: 8 },
  )
  .map((bytes) => Uint8Array.from(bytes));

describe('encoding', () => {
  test('[EN4] writes every well-formed text as TextEncoder does', () => {
    fc.assert(
      fc.property(texts(30), (text) => {
        expect(Buffer.compare(utf8ToBytes(text), platform.encoder.encode(text))).toBe(0);
      }),
    );
  });

  test('[EN4] has no bytes for an unpaired surrogate', () => {
    for (const text of ['\ud800', 'a\udc00', '\ud83dx', '\udc00\ud800'])
      expect(() => utf8ToBytes(text), JSON.stringify(text)).toThrow(RangeError);
  });
});

describe('decoding', () => {
  test('[EN4] takes and refuses what a fatal TextDecoder does', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyUtf8, fc.uint8Array({ maxLength: 12 })), (bytes) => {
        expect(bytesToUtf8(bytes)).toBe(decodeOnPlatform(bytes));
      }),
      { numRuns: 10_000 },
    );
  });

  test('[EN4] reads every code point that a text can hold', () => {
    for (let point = 0; point <= 0x10ffff; point += point < 0x900 ? 1 : 0x1fd) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const text = String.fromCodePoint(point);
      expect(bytesToUtf8(platform.encoder.encode(text))).toBe(text);
    }
  });

  test.each([
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong three-byte form', [0xe0, 0x9f, 0xbf]],
    ['an overlong four-byte form', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a point past the last', [0xf4, 0x90, 0x80, 0x80]],
    ['a lone continuation', [0x80]],
    ['a sequence cut short', [0xe2, 0x82]],
  ])('[EN4] refuses %s', (_what, bytes) => {
    expect(bytesToUtf8(Uint8Array.from(bytes))).toBeUndefined();
  });

  test('[EN4] keeps a byte order mark, which is a character like others', () => {
    expect(bytesToUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });
});
