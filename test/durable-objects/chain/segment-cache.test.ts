import { describe, expect, it } from 'vitest';
import { SegmentCache } from '../../../durable-objects/chain/tiers/segment-cache.ts';

const MIB = 1_048_576;
const bytes = new Uint8Array(MIB);

describe('segments in memory', () => {
  it('[TI5] are read once by all who ask at one time, and the four that were asked for last are kept', async () => {
    const cache = new SegmentCache();
    let reads = 0;
    const read = async (): Promise<Uint8Array> => {
      reads += 1;
      return bytes;
    };
    const both = await Promise.all([cache.get(1, read), cache.get(1, read)]);
    expect(both.every((one) => one === bytes)).toBe(true);
    expect(reads).toBe(1);
    for (const first of [2, 3, 4, 1, 5]) await cache.get(first, read);
    expect([1, 2, 3, 4, 5].filter((first) => cache.peek(first) !== undefined)).toEqual([1, 3, 4, 5]);
  });

  it('[PL3] are gone once they were dropped, also those that were on their way', async () => {
    const cache = new SegmentCache();
    await cache.get(1, async () => bytes);
    let answer = (_: Uint8Array): void => undefined;
    const reading = cache.get(2, () => new Promise((resolve) => (answer = resolve)));
    for (const first of [1, 2]) cache.drop(first);
    answer(bytes);
    expect((await reading) === bytes).toBe(true);
    expect([1, 2].filter((first) => cache.peek(first) !== undefined)).toEqual([]);
  });

  it('[TI6] that could not be read are asked for again', async () => {
    const cache = new SegmentCache();
    expect(await cache.get(1, async () => undefined)).toBeUndefined();
    await expect(cache.get(1, async () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect((await cache.get(1, async () => bytes)) === bytes).toBe(true);
  });
});
