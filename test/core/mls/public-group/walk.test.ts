import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { restoreGroup } from '../../../../core/mls/index.ts';
import { NOW_MS, valueOf } from '../../../sdk/mls/people.ts';
import { makeCrew } from './crew.ts';
import { diceOf, makeNewcomers, takeStep } from './walk.ts';

beforeAll(() => vi.setSystemTime(NOW_MS));
afterAll(() => vi.useRealTimers());

test.each([1, 2])('[ML75] members and the public group agree at each epoch of random walk %i', async (seed) => {
  const dice = diceOf(seed);
  let crew = await makeCrew(3);
  const names = new Set<string>();
  const newcomer = makeNewcomers();
  for (let count = 0; count < 20; count++) {
    const step = await takeStep({ crew, dice, newcomer });
    names.add(step.name);
    crew = step.crew;
    // What is stored of it gives the same group again (`ML95`).
    expect(valueOf(restoreGroup(crew.groupInfo, () => undefined, crew.group.rules))).toEqual(crew.group);
  }
  expect(names.size).toBeGreaterThan(5);
  expect(crew.group.context.epoch).toBe(21n);
});
