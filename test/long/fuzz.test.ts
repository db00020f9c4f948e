import { afterAll, beforeAll, expect, test } from 'vitest';
import { FuzzedClient } from '../fuzz/fuzzed-client.ts';
import { FuzzedRelay } from '../fuzz/fuzzed-relay.ts';

const MIB = 1024 * 1024;
/** What the serving process may hold, runtime and all; ten thousand requests of a heap that follows them would be more. */
const MAX_RESIDENT_BYTES = 512 * MIB;
/** What it may grow by in the second half, when caches and compiled code are there. */
const MAX_LATE_GROWTH_BYTES = 96 * MIB;

let fuzzed: FuzzedRelay;
let client: FuzzedClient;

beforeAll(async () => {
  fuzzed = await FuzzedRelay.start();
  client = await FuzzedClient.start();
});

afterAll(async () => {
  await fuzzed.stop();
  await client.stop();
});

test('[PR5] [HT8] refuses ten thousand mutated requests by name, in bounded memory, and holds what it held', async () => {
  const startedAt = performance.now();
  const resident = [fuzzed.residentBytes()];
  for (let half = 0; half < 2; half++) {
    await fuzzed.shoot(5_000);
    resident.push(fuzzed.residentBytes());
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const mebibytes = resident.map((bytes) => Math.round(bytes / MIB)).join(', ');
  console.info(`10,000 in ${seconds.toFixed(1)} s, ${fuzzed.taken} of them genuine; resident MiB ${mebibytes}`);
  const [, middle = 0, end = 0] = resident;
  expect(end).toBeLessThan(MAX_RESIDENT_BYTES);
  expect(end - middle).toBeLessThan(MAX_LATE_GROWTH_BYTES);
});

test('[CL2, CL4] a client is told three hundred lies, shows none of them, and goes on', async () => {
  await client.lie(300);
});
