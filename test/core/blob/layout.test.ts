import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bodyBytes,
  CELL_BYTES,
  cellRange,
  encode,
  isBlobLayout,
  LARGE_BLOB_BYTES,
  LARGE_CELL_BYTES,
  layOut,
  MAX_BLOB_BYTES,
  parseBlobDescriptor,
  blobDescriptor,
  shardObjectBytes,
  stripeCount,
  stripePartsOf,
  tailBytes,
  wholeStripe,
  type BlobLayout,
} from '../../../core/index.ts';
import { blobCase, codeOf, storeBlob, someBytes } from './blobs.ts';

const valid: BlobLayout = { dataShards: 4, totalShards: 6, cellBytes: 65_536, blobBytes: MAX_BLOB_BYTES };

test('[BL1] the largest blob is one, and one past any of the limits is none', () => {
  expect(isBlobLayout(valid)).toBe(true);
  for (const past of [
    { blobBytes: MAX_BLOB_BYTES + 1 },
    { blobBytes: 0 },
    { blobBytes: 1.5 },
    { blobBytes: NaN },
    { dataShards: 0 },
    { dataShards: 6 },
    { totalShards: 65 },
    { cellBytes: 0 },
    { cellBytes: 65_536 + 32 },
    // 8 MiB a stripe.
    { cellBytes: 1_398_144 },
    // 2,048 stripes.
    { cellBytes: 16_320 },
  ]) {
    expect(isBlobLayout({ ...valid, ...past }), JSON.stringify(past)).toBe(false);
    expect(() => {
      const { dataShards, totalShards, cellBytes, blobBytes } = { ...valid, ...past };
      layOut(blobBytes, { dataShards, totalShards }, cellBytes);
    }).toThrow('is cut so');
  }
  expect(isBlobLayout({ ...valid, cellBytes: 16_384 })).toBe(true);
  expect(isBlobLayout({ ...valid, cellBytes: 1_398_080 })).toBe(true);
});

test('[BL1] a descriptor of a blob that can not be is no descriptor', () => {
  const bytesOf = (layout: BlobLayout) => encode(blobDescriptor, { version: 1, layout, root: new Uint8Array(32) });
  expect(parseBlobDescriptor(bytesOf(valid)).ok).toBe(true);
  expect(parseBlobDescriptor(bytesOf({ ...valid, dataShards: 6 }))).toEqual({
    ok: false,
    error: { code: 'malformed', reason: 'out-of-range', offset: 2 },
  });
});

test('[BL2] a blob of 4 KiB has one stripe, and shards of a quarter and their tail', () => {
  const layout = layOut(4096, { dataShards: 4, totalShards: 6 });
  expect(stripeCount(layout)).toBe(1);
  expect(bodyBytes(layout)).toBe(1024);
  expect(tailBytes(layout)).toBe(33 + 194 + 49);
  expect(() => cellRange(layout, 1)).toThrow('no stripe 1');
  expect(() => cellRange(layout, -1)).toThrow('no stripe -1');
});

test('[BL1] a large blob has large cells, unless its stripes would be too large for its writer', () => {
  const cellBytesOf = (blobBytes: number, totalShards: number) =>
    layOut(blobBytes, { dataShards: 4, totalShards }).cellBytes;
  expect(cellBytesOf(LARGE_BLOB_BYTES, 6)).toBe(CELL_BYTES);
  expect(cellBytesOf(LARGE_BLOB_BYTES + 1, 6)).toBe(LARGE_CELL_BYTES);
  expect(cellBytesOf(MAX_BLOB_BYTES, 16)).toBe(LARGE_CELL_BYTES);
  expect(cellBytesOf(MAX_BLOB_BYTES, 17)).toBe(CELL_BYTES);
});

test('[BL2, BL3] what is said of sizes beforehand is what is written', () => {
  fc.assert(
    fc.property(blobCase, ({ shape, blobBytes }) => {
      const { descriptor, shards } = storeBlob(
        codeOf(shape.dataShards, shape.totalShards),
        someBytes(blobBytes),
        shape.cellBytes,
      );
      const { layout } = descriptor;
      expect(new Set(shards.map(({ length }) => length))).toEqual(new Set([shardObjectBytes(layout)]));
      let end = 0;
      for (let stripe = 0; stripe < stripeCount(layout); stripe++) {
        expect(cellRange(layout, stripe).start).toBe(end);
        ({ end } = cellRange(layout, stripe));
      }
      expect(end).toBe(bodyBytes(layout));
    }),
    { numRuns: 50 },
  );
});

test('[BL9] a range names each of its bytes once, in order, and no stripe or shard beside', () => {
  fc.assert(
    fc.property(blobCase, fc.nat(), fc.nat(), ({ shape, blobBytes }, a, b) => {
      const layout = layOut(blobBytes, shape, shape.cellBytes);
      const [start, end] = [a % (blobBytes + 1), b % (blobBytes + 1)].sort((x, y) => x - y) as [number, number];
      const named: string[] = [];
      for (const { stripe, spans } of stripePartsOf(layout, start, end)) {
        for (const span of spans) {
          expect(span.end).toBeGreaterThan(span.start);
          for (let at = span.start; at < span.end; at++) named.push(`${stripe}/${span.shard}/${at}`);
        }
      }
      expect(named).toEqual(Array.from({ length: end - start }, (_, i) => placeOf(layout, start + i)));
    }),
    { numRuns: 100 },
  );
});

test('[BL9] ranges that are none throw, and a stripe is a range', () => {
  const layout = layOut(1000, { dataShards: 4, totalShards: 6 }, 64);
  for (const [start, end] of [
    [-1, 3],
    [3, 2],
    [0, 1001],
    [0.5, 2],
    [0, NaN],
  ]) {
    expect(() => [...stripePartsOf(layout, start!, end!)]).toThrow('no bytes');
  }
  expect([...stripePartsOf(layout, 7, 7)]).toEqual([]);
  const parts = [...stripePartsOf(layout, 0, 1000)];
  expect(parts).toEqual([0, 1, 2, 3].map((stripe) => wholeStripe(layout, stripe)));
  expect(parts[3]!.spans.map(({ end }) => end)).toEqual([58, 58, 58, 58]);
});

/** Stripe, shard and place in the cell of one byte, by the rule alone. */
function placeOf({ dataShards, cellBytes, blobBytes }: BlobLayout, at: number): string {
  const stripe = Math.floor(at / (dataShards * cellBytes));
  const rest = blobBytes - stripe * dataShards * cellBytes;
  const cell = rest < dataShards * cellBytes ? Math.ceil(rest / dataShards) : cellBytes;
  const inStripe = at - stripe * dataShards * cellBytes;
  return `${stripe}/${Math.floor(inStripe / cell)}/${inStripe % cell}`;
}
