import fc from 'fast-check';
import { expect } from 'vitest';
import { ErasureCode, shardBytesFor, type ErasureKernel, type Stripe } from '../../../core/index.ts';
import { kernelsOf } from '../../support/erasure-kernels.ts';
import { compileKernelBuilds } from '../../../sdk/erasure-kernel.ts';

/** All that this Node runs. */
export const kernels = kernelsOf(await compileKernelBuilds());

export function shardsOf(stripe: Stripe): Uint8Array[] {
  return Array.from({ length: stripe.shape.totalShards }, (_, index) => stripe.shard(index).slice());
}

/**
 * Encodes once by this kernel, and rebuilds from every choice of as many shards as there are of data. Returns how many
 * choices there were.
 */
export function rebuildFromEveryChoice(kernel: ErasureKernel, dataShards: number, totalShards: number): number {
  const code = new ErasureCode(kernel, { dataShards, totalShards });
  const stripe = code.openStripe(64);
  stripe.write(Uint8Array.from({ length: dataShards * 64 - 3 }, (_, i) => (i * 151) ^ (i >> 3)));
  code.encode(stripe);
  const whole = stripe.room.slice();
  let count = 0;
  for (let mask = 0; mask < 1 << totalShards; mask++) {
    const present = Array.from({ length: totalShards }, (_, index) => index).filter((index) => mask & (1 << index));
    if (present.length !== dataShards) continue;
    for (let index = 0; index < totalShards; index++) if (!present.includes(index)) stripe.shard(index).fill(0xee);
    expect(code.reconstruct(stripe, present).ok).toBe(true);
    if (!sameBytes(stripe.room, whole)) expect.fail(`${totalShards} shards from ${present.join()}`);
    count++;
  }
  return count;
}

const shardCount = (max: number) => fc.integer({ min: 2, max });

/** Any code, any data, and any shards at hand, more or fewer than are needed. */
export const randomCase = fc
  .record({
    totalShards: fc.oneof({ weight: 50, arbitrary: shardCount(20) }, { weight: 1, arbitrary: shardCount(256) }),
  })
  .chain(({ totalShards }) =>
    fc.record({
      totalShards: fc.constant(totalShards),
      dataShards: fc.integer({ min: 1, max: totalShards - 1 }),
      data: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      order: fc.shuffledSubarray(
        Array.from({ length: totalShards }, (_, index) => index),
        { minLength: totalShards },
      ),
      kept: fc.integer({ min: 0, max: totalShards }),
    }),
  );

type RandomCase = typeof randomCase extends fc.Arbitrary<infer T> ? T : never;

/** One case on every kernel: all give the same shards, any that are enough give the others, and fewer are refused. */
export function checkRandomCase({ totalShards, dataShards, data, order, kept }: RandomCase): void {
  const present = order.slice(0, kept);
  const results = kernels.map((kernel) => {
    const code = new ErasureCode(kernel, { dataShards, totalShards });
    const stripe = code.openStripe(shardBytesFor(data.length, dataShards));
    stripe.write(data);
    code.encode(stripe);
    const whole = shardsOf(stripe);
    for (const lost of order.slice(kept)) stripe.shard(lost).fill(0x3c);
    const result = code.reconstruct(stripe, present);
    if (kept < dataShards) {
      expect(result).toEqual({ ok: false, error: { code: 'too-few-shards', present: kept, needed: dataShards } });
    } else {
      expect(result.ok).toBe(true);
      expect(shardsOf(stripe).every((shard, index) => sameBytes(shard, whole[index]!))).toBe(true);
      expect(stripe.read(data.length)).toEqual(data);
    }
    return Buffer.concat(whole);
  });
  for (const other of results.slice(1)) expect(sameBytes(other, results[0]!)).toBe(true);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
