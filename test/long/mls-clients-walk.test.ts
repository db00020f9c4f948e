import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzSeed } from '../fuzz/fuzz-seed.ts';
import { walk } from '../stories/crowd.ts';
import { Stage } from '../stories/stage.ts';

const EPOCHS = 300;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
});
afterAll(() => stage.strike());

test(`[RC4] [RC5] twenty clients end in one epoch of ${EPOCHS}, whatever races, lost answers and losses of keys there were`, async () => {
  const outcome = await walk(stage, { size: 20, epochs: EPOCHS, seed: fuzzSeed() });
  console.info([...outcome.tally].map(([name, count]) => `${name} ${count}`).join(', '));
  expect(outcome).toMatchObject({ untrue: [], unheard: [], statuses: new Set(['member']) });
  for (const facts of [outcome.epochs, outcome.secrets, outcome.rosters]) expect(facts.size).toBe(1);
  expect(outcome.begun).toEqual(outcome.begun.map((_, i) => i + 1));
  expect(outcome.begun.length).toBeGreaterThanOrEqual(EPOCHS);
});
