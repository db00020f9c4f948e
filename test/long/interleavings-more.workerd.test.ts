import { expect, inject, test } from 'vitest';
import { explore } from '../model/explore.ts';
import { relayInIsolate } from '../model/relay.workerd.ts';

/** Half of a thousand: two files run at the same time where there are two cores. */
const RUNS = 500;

test(`${RUNS} random interleavings agree with the reference, on every client`, async () => {
  const exploration = { relay: relayInIsolate(), runs: RUNS, maxCommands: 12 } as const;
  const tally = await explore(exploration, inject('model'));
  console.info(JSON.stringify(tally));
  expect(tally.runs).toBeGreaterThan(0);
});
