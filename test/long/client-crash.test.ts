import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cast, DRILLS } from '../faults/drill-cast.ts';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.meet();
});

afterAll(() => cast.part());

describe('a client that is killed comes back without losing or repeating, with keys that work', () => {
  test.each(DRILLS)('[CL8, CL14, CL17] at steps of: %s', async (name) => {
    // These two have the most steps, and the longest.
    const step = name === 'found' || name === 'leave' ? 3 : 1;
    expect((await cast.killAt(name, { first: 0, step })).length).toBeGreaterThan(3);
  });
});
