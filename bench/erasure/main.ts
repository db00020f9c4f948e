/**
 * npm run bench:erasure [-- --rounds N] [-- --seconds S]
 *
 * Our codec in workerd and in Node, beside the WebAssembly codecs of npm and ISA-L, in turns. Prints megabytes of blobs a second,
 * and the ratios of each round's figures.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openWebKernel } from '../../sdk/erasure-kernel.ts';
import { buildWorker, spawnRelay } from '../../workers/local.ts';
import { percentile } from '../measure.ts';
import { openLoop, type ErasureCase } from './codec-loop.ts';
import { rateOf, type Contestant } from './contestant.ts';
import { openIsal } from './isal.ts';
import { openNpmPeers } from './npm-peers.ts';

/** Rates of one round by contestant; `name (copied)` is ours with shards copied in and out. */
type Round = Readonly<Record<string, number>>;

const CODES = [
  [4, 6],
  [10, 14],
] as const;
const SIZES = [1024 * 1024, 4096];

const options = { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '0.1' } } as const;
const { values } = parseArgs({ options });
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (!(rounds >= 1 && seconds > 0)) throw new Error('--rounds and --seconds are above 0');

const folder = mkdtempSync(join(tmpdir(), 'terachat-erasure-'));
try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const config = join(import.meta.dirname, 'wrangler.toml');
  const bundle = await buildWorker({ config, folder: join(folder, 'bundle') });
  const worker = await spawnRelay({ folder: join(folder, 'worker'), port: 0, bundle });
  try {
    const peers = openNpmPeers();
    const isal = openIsal(folder);
    for (const missing of [peers, isal]) if (typeof missing === 'string') console.log(missing);
    const npm = typeof peers === 'string' ? [] : peers;
    const others = typeof isal === 'string' ? npm : [...npm, isal];
    for (const erasureCase of cases()) await measure(erasureCase, [inWorkerd(worker.url), inNode()], others, npm);
  } finally {
    await worker.stop();
  }
}

async function measure(
  erasureCase: ErasureCase,
  ours: readonly Contestant[],
  others: readonly Contestant[],
  npm: readonly Contestant[],
): Promise<void> {
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const rates: [string, number][] = [];
    for (const one of ours) {
      rates.push([one.name, await one.rate(erasureCase, seconds)]);
      rates.push([`${one.name} (copied)`, await one.rate({ ...erasureCase, isCopying: true }, seconds)]);
    }
    for (const one of others) rates.push([one.name, await one.rate(erasureCase, seconds)]);
    measured.push(Object.fromEntries(rates));
  }
  report(erasureCase, measured, npm);
}

function report(
  { dataShards, totalShards, bytes, operation }: ErasureCase,
  measured: readonly Round[],
  npm: readonly Contestant[],
): void {
  console.log(`\n${operation} ${bytes} bytes, ${dataShards}/${totalShards}`);
  for (const name of Object.keys(measured[0] ?? {})) {
    const rate = median(measured.map((round) => round[name] ?? NaN));
    console.log(
      `  ${name.padEnd(18)} ${Math.round(rate / 1e6)
        .toLocaleString('en')
        .padStart(8)} MB/s`,
    );
  }
  const bestOfNpm = (round: Round) => Math.max(...npm.map(({ name }) => round[name] ?? NaN));
  if (npm.length > 0) {
    for (const name of ['workerd', 'workerd (copied)'])
      printRatio(`${name} / best npm`, measured, (round) => (round[name] ?? NaN) / bestOfNpm(round));
  }
  if (measured[0]?.['isa-l'] !== undefined)
    printRatio('workerd / isa-l', measured, (round) => (round['workerd'] ?? NaN) / (round['isa-l'] ?? NaN));
}

function printRatio(name: string, measured: readonly Round[], ratioOf: (round: Round) => number): void {
  const ratios = measured.map(ratioOf);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  console.log(`  ${name.padEnd(28)} ${median(ratios).toFixed(2)} (${spread})`);
}

function cases(): ErasureCase[] {
  return CODES.flatMap(([dataShards, totalShards]) =>
    SIZES.flatMap((bytes) =>
      (['encode', 'reconstruct'] as const).map((operation) => ({
        dataShards,
        totalShards,
        bytes,
        operation,
        isCopying: false,
      })),
    ),
  );
}

function inWorkerd(url: string): Contestant {
  const rate = (erasureCase: ErasureCase, atLeast: number) => {
    const run = async (count: number) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ erasureCase, count }) });
      if (!response.ok) throw new Error(`the worker answered ${response.status}`);
      await response.arrayBuffer();
    };
    return rateOf(run, erasureCase.bytes, atLeast);
  };
  return { name: 'workerd', rate };
}

function inNode(): Contestant {
  const rate = async (erasureCase: ErasureCase, atLeast: number) => {
    const once = openLoop(await openWebKernel(), erasureCase);
    const run = (count: number) => {
      for (let i = 0; i < count; i++) once();
    };
    return rateOf(run, erasureCase.bytes, atLeast);
  };
  return { name: 'node', rate };
}

function median(numbers: readonly number[]): number {
  return percentile(numbers, 0.5);
}
