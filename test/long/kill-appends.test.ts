import { afterEach, expect, test } from 'vitest';
import { FragileRelay, killEverything, killRuntime } from '../faults/killed-relay.ts';

const EVENTS = 2_000;

let relay: FragileRelay | undefined;

afterEach(() => relay?.remove());

/** When it dies, counted in appends that were acknowledged, and how. */
const DEATHS = [
  [50, killEverything],
  [400, killEverything],
  [700, killRuntime],
  [900, killEverything],
  [1_300, killEverything],
  [1_500, killRuntime],
  [1_700, killEverything],
] as const;

test('[AP5, AP12] killed five times with all that belongs to it and twice without, in the middle of 2,000 concurrent appends, the relay loses nothing acknowledged and has nothing twice', async () => {
  relay = await FragileRelay.start('fragile');
  for (const [killAfter, death] of DEATHS) {
    const survival = await relay.survive({ count: EVENTS, killAfter, death });
    console.info({ killAfter, ...survival });
    expect(survival.acknowledged + survival.unanswered + survival.lost).toBe(EVENTS);
  }
});
