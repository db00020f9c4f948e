import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  countFitting,
  encode,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_PAYLOADS,
  packSegment,
  parseSegment,
  segmentCodec,
  sha256,
  type NamedPayload,
} from '../../../core/index.ts';
import { codeOf, readFrom, someBytes, storeBlob } from './blobs.ts';

const named = (payload: Uint8Array): NamedPayload => ({ hash: sha256(payload), payload });
const payloads = fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 20 });

test('[BL12] a segment says of each payload where it lies, and is read as it was packed', () => {
  fc.assert(
    fc.property(payloads, (contents) => {
      const { bytes, places } = packSegment(contents.map(named));
      expect(places.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString('hex'))).toEqual(
        contents.map((content) => Buffer.from(content).toString('hex')),
      );
      expect(parseSegment(bytes)).toEqual({ ok: true, value: places });
    }),
    { numRuns: 50 },
  );
});

test('[BL12, BL9] a payload is read out of the shards of its segment by its place alone', () => {
  const contents = Array.from({ length: 12 }, (_, i) => someBytes(20 + 13 * i, i));
  const { bytes, places } = packSegment(contents.map(named));
  const code = codeOf(4, 6);
  const stored = storeBlob(code, bytes, 64);
  for (const [i, place] of places.entries()) {
    expect(Buffer.compare(readFrom(code, stored, [0, 2, 3, 5], place).bytes, contents[i]!)).toBe(0);
  }
});

test('[BL12] a segment is as full as can be and no fuller, in bytes and in payloads', () => {
  for (const size of [16_384, 4_000, 257, 1]) {
    const sizes = new Array<number>(MAX_SEGMENT_PAYLOADS + 10).fill(size);
    const count = countFitting(sizes);
    const fitting = Array.from({ length: count }, () => named(new Uint8Array(size)));
    expect(packSegment(fitting).bytes.length).toBeLessThanOrEqual(MAX_SEGMENT_BYTES);
    expect(() => packSegment([...fitting, fitting[0]!])).toThrow('do not fit');
    if (count === MAX_SEGMENT_PAYLOADS) continue;
    const items = [...fitting, fitting[0]!].map(({ hash }) => ({ hash, payloadBytes: size }));
    const content = new Uint8Array(items.length * size);
    const larger = content.length > MAX_SEGMENT_BYTES ? content : encode(segmentCodec, { version: 1, items, content });
    expect(larger.length).toBeGreaterThan(MAX_SEGMENT_BYTES);
  }
  expect(countFitting([])).toBe(0);
  expect(countFitting([MAX_SEGMENT_BYTES, 1])).toBe(0);
  expect(countFitting([1, 2, 3])).toBe(3);
});

test('[BL12] a list that does not fill the content, or has a payload under another name, is no segment', () => {
  const contents = [someBytes(10), someBytes(20)].map(named);
  const { bytes } = packSegment(contents);
  const items = contents.map(({ hash, payload }) => ({ hash, payloadBytes: payload.length }));
  const content = bytes.slice(-30);
  const refusal = { ok: false, error: { code: 'malformed', reason: 'out-of-range', offset: 2 } };
  for (const wrong of [
    { items: items.slice(0, 1), content },
    { items: [items[0]!, { ...items[1]!, payloadBytes: 21 }], content },
    { items: [items[0]!, { ...items[1]!, hash: items[0]!.hash }], content },
    { items: [], content },
    { items, content: content.map((byte, at) => (at === 29 ? byte ^ 1 : byte)) },
  ]) {
    expect(parseSegment(encode(segmentCodec, { version: 1, ...wrong }))).toEqual(refusal);
  }
});
