import { afterEach, expect, inject, test } from 'vitest';
import { explore } from '../model/explore.ts';
import { KillableRelay } from '../model/spawned-relay.ts';

const RUNS = 8;

let relay: KillableRelay | undefined;

afterEach(() => relay?.remove());

test(`${RUNS} random interleavings with a relay that is killed meanwhile agree with the reference`, async () => {
  relay = await KillableRelay.start();
  const tally = await explore({ relay, runs: RUNS, maxCommands: 30 }, inject('model'));
  console.info(JSON.stringify({ ...tally, kills: relay.kills }));
  expect(relay.kills).toBeGreaterThan(0);
});
