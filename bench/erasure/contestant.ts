import { performance } from 'node:perf_hooks';
import type { ErasureCase } from './codec-loop.ts';

/** A codec in a runtime. */
export interface Contestant {
  readonly name: string;
  /** Bytes of blobs a second, measured for at least about this long. */
  readonly rate: (erasureCase: ErasureCase, seconds: number) => Promise<number>;
}

const FIRST_COUNT = 4;

/** Runs more and more until it takes that long; the last run counts, and those before it warm up; the very first may have to open the case. */
export async function rateOf(run: (count: number) => unknown, bytes: number, seconds: number): Promise<number> {
  await run(1);
  for (let count = FIRST_COUNT; ; count *= 2) {
    const startMs = performance.now();
    await run(count);
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs >= seconds * 1000) return (count * bytes * 1000) / elapsedMs;
  }
}
