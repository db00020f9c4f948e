import { expect, inject, test } from 'vitest';
import { explore } from './explore.ts';
import { relayInIsolate } from './relay.workerd.ts';

const RUNS = 8;

test(`${RUNS} random interleavings agree with the reference, on every client`, { timeout: 600_000 }, async () => {
  const tally = await explore({ relay: relayInIsolate(), runs: RUNS, maxCommands: 20 }, inject('model'));
  console.info(JSON.stringify(tally));
  expect(tally.runs).toBeGreaterThan(0);
});
