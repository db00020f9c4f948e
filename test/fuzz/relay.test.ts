import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FuzzedRelay } from './fuzzed-relay.ts';

let fuzzed: FuzzedRelay;

beforeAll(async () => {
  fuzzed = await FuzzedRelay.start();
});

afterAll(() => fuzzed.stop());

// Ten thousand of them are made in test/long.
describe('a relay under mutated requests', () => {
  test('has a seed for each route that it publishes', async () => {
    const { caller } = fuzzed.relay;
    const api = (await (await caller.fetch(caller.request({ path: '/openapi.json' }))).json()) as {
      readonly paths: Readonly<Record<string, object>>;
    };
    const published = Object.entries(api.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb} ${path}`),
    );
    expect([...new Set(await fuzzed.routes())].sort()).toEqual(published.sort());
  });

  test('[PR5] [HT8] refuses 150 of them by name, and holds what it held', async () => {
    await fuzzed.shoot(150);
    // They are refused for more than their encoding: the mutants reach the rules.
    expect(fuzzed.answers.size).toBeGreaterThan(10);
  }, 120_000);
});
