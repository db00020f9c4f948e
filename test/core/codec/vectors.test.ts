import { describe, expect, test } from 'vitest';
import { decode, encode, fromHex, printNotation, toHex } from '../../../core/index.ts';
import type { EncodingVector } from '../../../scripts/vectors/encoding.ts';
import { sampleCodecs } from '../../../scripts/vectors/sample-codecs.ts';
import { readVectors } from '../../vectors/read-vectors.ts';

const { definitions, vectors } = readVectors<{
  definitions: Record<string, string>;
  vectors: readonly EncodingVector[];
}>('encoding');

describe('the encoding vectors', () => {
  test.each(vectors.map((vector) => [`${vector.codec} ${vector.hex.slice(0, 24)}`, vector] as const))(
    '[EN1] %s',
    (_name, { codec: name, hex, value, refusal }) => {
      const codec = sampleCodecs[name]!;
      const decoded = decode(codec, fromHex(hex)!);
      if (decoded.ok) {
        expect(refusal).toBeUndefined();
        expect(codec.view(decoded.value)).toEqual(value);
        expect(toHex(encode(codec, decoded.value))).toBe(hex);
      } else {
        expect(decoded.error).toEqual({ code: 'malformed', ...refusal });
      }
    },
  );

  test('stand beside the definitions that they are of', () => {
    for (const [name, definition] of Object.entries(definitions))
      expect(printNotation(sampleCodecs[name]!.notation)).toBe(definition);
    expect(new Set(vectors.map(({ codec }) => codec))).toEqual(new Set(Object.keys(definitions)));
  });

  test('reach every reason to refuse', () => {
    const reasons = new Set(vectors.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.reason])));
    expect([...reasons].sort()).toEqual([
      'invalid-length',
      'invalid-text',
      'non-minimal-length',
      'out-of-order',
      'out-of-range',
      'too-many-items',
      'trailing-bytes',
      'truncated',
      'unknown-value',
      'unknown-version',
    ]);
  });
});
