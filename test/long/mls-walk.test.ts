import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeCrew } from '../core/mls/public-group/crew.ts';
import { diceOf, makeNewcomers, takeStep } from '../core/mls/public-group/walk.ts';
import { NOW_MS } from '../sdk/mls/people.ts';

const STEPS = 300;

beforeAll(() => vi.setSystemTime(NOW_MS));
afterAll(() => vi.useRealTimers());

test(`[ML75] members and the public group agree at each epoch of ${STEPS} random steps`, async () => {
  const dice = diceOf(7);
  const counts = new Map<string, number>();
  const newcomer = makeNewcomers();
  let crew = await makeCrew(3);
  for (let step = 0; step < STEPS; step++) {
    const taken = await takeStep({ crew, dice, newcomer });
    counts.set(taken.name, (counts.get(taken.name) ?? 0) + 1);
    crew = taken.crew;
  }
  expect(counts.size).toBe(11);
  expect(Math.min(...counts.values())).toBeGreaterThan(5);
});
