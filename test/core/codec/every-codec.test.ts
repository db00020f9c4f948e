import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as core from '../../../core/index.ts';
import { decode, encode, eventDefinitions, type Codec } from '../../../core/index.ts';
import { referenceEncode } from './reference-encoding.ts';
import { valuesOf } from './values.ts';

const exported: readonly (readonly [string, unknown])[] = Object.entries(core);
/** Whatever core exports that encodes, and the body of each event type. A new codec is under these tests at once. */
const codecs: readonly (readonly [string, Codec<unknown>])[] = [
  ...exported.filter((entry): entry is [string, Codec<unknown>] => isCodec(entry[1])),
  ...eventDefinitions.map(({ name, body }) => [name, body] as const),
];

function isCodec(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'notation' in value && 'read' in value;
}

function samples(codec: Codec<unknown>): fc.Arbitrary<{ value: unknown; bytes: Uint8Array }> {
  return valuesOf(codec.notation).map((value) => ({ value, bytes: encode(codec, value) }));
}

test('the codecs of events, state and wire are found', () => {
  const names = codecs.map(([name]) => name);
  expect(names).toContain('eventTbs');
  expect(names).toContain('chainDownFrame');
  expect(names).toContain('group.mls-commit');
  expect(names.length).toBeGreaterThan(30);
});

describe.each(codecs)('%s', (_name, codec) => {
  test('[EN1] decodes what it encodes, to an equal value', () => {
    fc.assert(
      fc.property(samples(codec), ({ value, bytes }) => {
        expect(decode(codec, bytes)).toEqual({ ok: true, value });
      }),
      { numRuns: 25 },
    );
  });

  test('[EN1] writes what the presentation language says', () => {
    fc.assert(
      fc.property(samples(codec), ({ value, bytes }) => {
        expect(Buffer.from(bytes).equals(referenceEncode(codec.notation, value))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('[EN1] refuses every prefix of an encoding and every byte after it', () => {
    fc.assert(
      fc.property(samples(codec), fc.nat(255), ({ bytes }, extra) => {
        for (let end = 0; end < bytes.length; end++) {
          const cut = decode(codec, bytes.subarray(0, end));
          if (cut.ok || cut.error.reason !== 'truncated') expect(cut, `the first ${end} bytes`).toBe('truncated');
        }
        const longer = decode(codec, Uint8Array.of(...bytes, extra));
        const refusal = { code: 'malformed', reason: 'trailing-bytes', offset: bytes.length };
        expect(longer).toEqual({ ok: false, error: refusal });
      }),
      { numRuns: 8 },
    );
  });

  test('[EN2] refuses a length in a longer prefix than it needs, whichever vector has it', () => {
    fc.assert(
      fc.property(samples(codec), fc.integer({ min: 1, max: 12 }), ({ value }, countdown) => {
        const widen = { countdown };
        const bytes = referenceEncode(codec.notation, value, widen);
        const result = decode(codec, bytes);
        if (widen.countdown > 0) expect(result.ok).toBe(true);
        else expect(result).toMatchObject({ ok: false, error: { reason: 'non-minimal-length' } });
      }),
      { numRuns: 25 },
    );
  });

  test('[EN1] takes a changed byte only where the change is another value', () => {
    fc.assert(
      fc.property(samples(codec), fc.nat(), fc.integer({ min: 1, max: 255 }), ({ bytes }, at, change) => {
        if (bytes.length === 0) return;
        bytes[at % bytes.length]! ^= change;
        const result = decode(codec, bytes);
        if (result.ok) expect(Buffer.compare(encode(codec, result.value), bytes)).toBe(0);
        else expect(result.error.offset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 50 },
    );
  });

  test('[WI3] has a view that JSON can say, with 64-bit integers as text', () => {
    fc.assert(
      fc.property(samples(codec), ({ value }) => {
        const view = codec.view(value);
        expect(JSON.parse(JSON.stringify(view))).toEqual(view);
      }),
      { numRuns: 10 },
    );
  });
});
