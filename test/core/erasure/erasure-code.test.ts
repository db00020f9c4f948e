import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErasureCode, loadPortableKernel, shardBytesFor, type KernelExports } from '../../../core/index.ts';
import { Decodings } from '../../../core/erasure/decodings.ts';
import { generatorMatrix } from '../../../core/erasure/erasure-code.ts';
import { loadErasureKernel } from '../../../core/erasure/open-kernel.ts';
import { compileKernelBuilds, openWebKernel } from '../../../sdk/erasure-kernel.ts';
import { checkRandomCase, kernels, randomCase, rebuildFromEveryChoice, shardsOf } from './erasure-rounds.ts';

const builds = await compileKernelBuilds();

test('[RS2] data rows are the identity and parity rows those that others compute', () => {
  const { rows, columns, cells } = generatorMatrix({ dataShards: 4, totalShards: 6 });
  expect({ rows, columns }).toEqual({ rows: 6, columns: 4 });
  expect([...cells.subarray(0, 16)]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  expect([...cells.subarray(16)]).toEqual([27, 28, 18, 20, 28, 27, 20, 18]);
});

test('[RS2] there is no code without data, without parity, or with more shards than rows that differ', () => {
  const kernel = loadPortableKernel();
  for (const [dataShards, totalShards] of [
    [0, 3],
    [3, 3],
    [4, 3],
    [1.5, 3],
    [200, 257],
    [NaN, 3],
  ] as const) {
    expect(() => new ErasureCode(kernel, { dataShards, totalShards })).toThrow('there is no code');
  }
  expect(() => new ErasureCode(kernel, { dataShards: 255, totalShards: 256 })).not.toThrow();
});

describe.each(kernels)('$name', (kernel) => {
  test('[RS3] data is cut into pieces of one size, and the last one filled up with zeros', () => {
    const code = new ErasureCode(kernel, { dataShards: 3, totalShards: 5 });
    const stripe = code.openStripe(shardBytesFor(7, 3));
    for (let index = 0; index < 5; index++) stripe.shard(index).fill(0xff);
    stripe.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
    expect(
      shardsOf(stripe)
        .slice(0, 3)
        .map((shard) => [...shard]),
    ).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 0, 0],
    ]);
    expect([...stripe.read(7)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(() => stripe.write(new Uint8Array(10))).toThrow('does not fit');
    expect(() => stripe.read(10)).toThrow('holds less');
  });

  test('[RS4] every choice of enough shards gives the others, in every code of up to 8', () => {
    let choices = 0;
    for (let total = 2; total <= 8; total++) {
      for (let data = 1; data < total; data++) choices += rebuildFromEveryChoice(kernel, data, total);
    }
    // Choices of k of n for all 1 <= k < n <= 8: the powers of two from 4 to 256, less two for each.
    expect(choices).toBe(494);
  });

  test('[RS4] only what is wanted is written', () => {
    const code = new ErasureCode(kernel, { dataShards: 4, totalShards: 7 });
    const stripe = code.openStripe(100);
    stripe.write(Uint8Array.from({ length: 400 }, (_, i) => i * 7));
    code.encode(stripe);
    const whole = shardsOf(stripe);
    for (const lost of [0, 2, 5]) stripe.shard(lost).fill(0);
    expect(code.reconstruct(stripe, [1, 3, 4, 6], [2]).ok).toBe(true);
    expect(shardsOf(stripe)).toEqual(
      whole.map((shard, index) => ([0, 5].includes(index) ? new Uint8Array(100) : shard)),
    );
    // What was remembered of that is for no others: another that is wanted, and the same one from others.
    for (const wanted of [0, 5]) expect(code.reconstruct(stripe, [1, 3, 4, 6], [wanted]).ok).toBe(true);
    stripe.shard(2).fill(0);
    expect(code.reconstruct(stripe, [0, 1, 3, 5], [2]).ok).toBe(true);
    expect(shardsOf(stripe)).toEqual(whole);
  });

  test('[RS4] shards that are none, named twice, or both there and wanted are refused before anything is written', () => {
    const code = new ErasureCode(kernel, { dataShards: 2, totalShards: 4 });
    const stripe = code.openStripe(10);
    for (const present of [
      [0, 4],
      [0, -1],
      [1, 1],
      [0, 1.5],
    ]) {
      expect(() => code.reconstruct(stripe, present)).toThrow('is none, or is named twice');
    }
    expect(() => code.reconstruct(stripe, [0, 1], [1])).toThrow('a wanted shard is present');
    expect(() => stripe.shard(4)).toThrow('no shard 4');
  });

  test('[RS5] a stripe whose room went to another is refused, and so is one of another code', () => {
    const code = new ErasureCode(kernel, { dataShards: 2, totalShards: 3 });
    const old = code.openStripe(64);
    code.openStripe(64);
    expect(() => code.encode(old)).toThrow('given to another stripe');
    const other = new ErasureCode(kernel, { dataShards: 1, totalShards: 3 }).openStripe(64);
    expect(() => code.encode(other)).toThrow('of another code');
    expect(() => code.openStripe(16 * 1024 * 1024)).toThrow('no room');
    expect(() => code.openStripe(0)).toThrow('a shard has bytes');
  });

  test('[RS5] a kernel takes no shard that lies outside its room or between blocks', () => {
    const room = kernel.reserve(256);
    const product = kernel.prepare({ rows: 1, columns: 1, cells: Uint8Array.of(3) });
    for (const [input, output, bytes] of [
      [0, 256, 64],
      [256, 0, 64],
      [0, 192, 128],
      [-64, 0, 64],
      [0, 32, 64],
      [0, 64, 65],
    ]) {
      expect(() => product(room, { inputs: [input!], outputs: [output!], bytes: bytes! })).toThrow(RangeError);
    }
    expect(() => product(room, { inputs: [0, 64], outputs: [128], bytes: 64 })).toThrow('do not fit the matrix');
  });
});

test('[RS5] random codes, data and losses have one outcome on all kernels', () => {
  fc.assert(fc.property(randomCase, checkRandomCase), { numRuns: 100 });
});

test('[RS5] this runtime has both builds and takes the relaxed one', async () => {
  expect(kernels.map(({ name }) => name)).toEqual(['relaxed-simd', 'simd', 'portable']);
  expect((await openWebKernel()).name).toBe('relaxed-simd');
});

test('[RS5] a build that can not run or multiplies wrongly is passed over', () => {
  const [relaxed, simd] = builds;
  const unsupported = () => {
    throw new Error('unknown opcode');
  };
  expect(loadErasureKernel([{ name: 'relaxed-simd', instantiate: unsupported }, simd!]).name).toBe('simd');
  for (const fault of [skipLastBlock, doNothing, flipOneBit, writeTooFar]) {
    const broken = { ...relaxed!, instantiate: () => fault(relaxed!.instantiate()) };
    expect(loadErasureKernel([broken, simd!]).name, fault.name).toBe('simd');
    expect(loadErasureKernel([broken]).name, fault.name).toBe('portable');
  }
});

test('[RS4] what is remembered of decodings is bounded, and what was used last stays', () => {
  const decodings = new Decodings();
  const make = (cells: number) => () => ({ cells, product: () => undefined });
  const find = (key: string, cells = 4096) => {
    let isNew = false;
    decodings.find(key, () => ((isNew = true), make(cells)()));
    return isNew;
  };
  expect(['a', 'b', 'c', 'd'].map((key) => find(key))).toEqual([true, true, true, true]);
  expect(find('a')).toBe(false);
  expect(find('e')).toBe(true);
  expect(decodings.cells).toBe(16_384);
  expect([find('a'), find('b')]).toEqual([false, true]);
  expect(find('huge', 20_000)).toBe(true);
  expect(find('huge', 20_000)).toBe(true);
  expect(decodings.cells).toBeLessThanOrEqual(16_384);
});

type Fault = (kernel: KernelExports) => KernelExports;

const skipLastBlock: Fault = ({ memory, product }) => ({
  memory,
  product: (plan, tables, inputs, outputs, bytes) => product(plan, tables, inputs, outputs, bytes - 64),
});

const doNothing: Fault = ({ memory }) => ({ memory, product: () => undefined });

/** As a processor would that has one product wrong. */
const flipOneBit: Fault = ({ memory, product }) => ({
  memory,
  product: (plan, tables, ...rest) => {
    new Uint8Array(memory.buffer)[tables + 777]! ^= 1;
    product(plan, tables, ...rest);
  },
});

const writeTooFar: Fault = ({ memory, product }) => ({
  memory,
  product: (plan, tables, inputs, outputs, bytes) => {
    product(plan, tables, inputs, outputs, bytes);
    const last = new Uint32Array(memory.buffer, plan)[inputs + outputs - 1]!;
    new Uint8Array(memory.buffer)[last + bytes]! ^= 1;
  },
});
