import { afterEach, describe, expect, test } from 'vitest';
import { FragileRelay, killEverything, killRuntime } from '../faults/killed-relay.ts';

const EVENTS = 2_000;

let relay: FragileRelay | undefined;

afterEach(() => relay?.remove());

describe('2,000 concurrent appends', () => {
  test.each([
    ['all of the relay is killed', killEverything],
    ['its workerd alone is killed', killRuntime],
  ])(
    '[AP5, AP12] five times on one folder %s: nothing acknowledged is lost, nothing is there twice',
    async (_, death) => {
      relay = await FragileRelay.start('fragile');
      for (const killAfter of [50, 400, 900, 1_300, 1_700]) {
        const survival = await relay.survive({ count: EVENTS, killAfter, death });
        console.info({ killAfter, ...survival });
        expect(survival.acknowledged + survival.unanswered + survival.lost).toBe(EVENTS);
      }
    },
  );
});
