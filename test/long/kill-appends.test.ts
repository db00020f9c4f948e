import { afterEach, expect, test } from 'vitest';
import { FragileRelay, killEverything } from '../faults/killed-relay.ts';

const EVENTS = 2_000;

let relay: FragileRelay | undefined;

afterEach(() => relay?.remove());

/** When it dies, counted in appends that were acknowledged. */
const DEATHS = [50, 400, 900, 1_300, 1_700];

test('[AP5, AP12] killed five times with all that belongs to it, in the middle of 2,000 concurrent appends, the relay loses nothing acknowledged and has nothing twice', async () => {
  relay = await FragileRelay.start('fragile');
  for (const killAfter of DEATHS) {
    const survival = await relay.survive({ count: EVENTS, killAfter, death: killEverything });
    console.info({ killAfter, ...survival });
    expect(survival.acknowledged + survival.unanswered + survival.lost).toBe(EVENTS);
  }
});
