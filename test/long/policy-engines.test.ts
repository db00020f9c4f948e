import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileBare, inputsOf } from '../core/policy/policy-rounds.ts';
import { runPolicy, type PolicyOutcome } from '../../core/index.ts';
import { questionOf, startIsolates } from '../policies/isolates.ts';
import { jsonOf } from '../policies/round-text.ts';
import { answerHere, digestOf, randomRound, textOf } from '../policies/rounds.ts';
import { sampleRounds } from '../policies/sample-rounds.ts';
import { askChromium, findChromium } from '../support/chromium.ts';

const MODULES = 2_000;
/** More than any of them uses. */
const ENOUGH_FUEL = 1_000_000_000;
/** Isolates of workerd that are asked in one request. */
const CHUNK = 50;
const PAGE = join(import.meta.dirname, '../policies/rounds.browser.ts');
const chromium = findChromium();

describe(`${MODULES} random modules and the samples`, () => {
  const rounds = [...Array.from({ length: MODULES }, (_, seed) => randomRound(seed)), ...sampleRounds];
  let digests: string[];

  beforeAll(async () => {
    digests = [];
    for (const round of rounds) digests.push(digestOf(round, await answerHere(round)));
  });

  test('[PX1] they are of many kinds: not all end alike, and nearly none like another', () => {
    expect(new Set(digests).size).toBeGreaterThan(MODULES * 0.99);
  });

  test.skipIf(chromium === undefined)(
    '[PX1] Chromium comes to the same verdicts, states and fuel as Node',
    async () => {
      const question = { seeds: MODULES, rounds: sampleRounds.map(textOf) };
      expect(await askChromium(chromium ?? '', PAGE, question)).toEqual(digests);
    },
  );

  describe('in workerd', () => {
    let isolates: Awaited<ReturnType<typeof startIsolates>>;
    beforeAll(async () => {
      isolates = await startIsolates();
    });
    afterAll(() => isolates.stop());

    test('[PX1, PX8] isolates do too', async () => {
      for (let from = 0; from < rounds.length; from += CHUNK) {
        const part = rounds.slice(from, from + CHUNK);
        const answers = await isolates.ask(part.map(questionOf));
        expect(part.map((round, i) => digestOf(round, answers[i]))).toEqual(digests.slice(from, from + CHUNK));
      }
    });
  });
});

test(`[FU1, PX1] ${MODULES} random modules do what they did before they were metered`, async () => {
  for (let seed = 0; seed < MODULES; seed++) {
    const round = randomRound(seed);
    const { state, event } = inputsOf(seed);
    const [[metered] = []] = await answerHere({ ...round, batches: [{ state, events: [event], fuel: ENOUGH_FUEL }] });
    const bare = runPolicy(compileBare(round.module), { state, event, fuel: ENOUGH_FUEL });
    expect({ ...(metered as PolicyOutcome), fuelLeft: 0 }, String(seed)).toEqual({
      ...(jsonOf(bare) as PolicyOutcome),
      fuelLeft: 0,
    });
  }
});
