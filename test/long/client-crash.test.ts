import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cast, DRILLS } from '../faults/drill-cast.ts';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.meet();
});

afterAll(() => cast.part());

describe('a client that is killed comes back without losing or repeating, with keys that work', () => {
  test.each(DRILLS)('[CL8, CL14, CL17] at every step of: %s', async (name) => {
    expect((await cast.killAt(name, { first: 0, step: 1 })).length).toBeGreaterThan(3);
  });
});
