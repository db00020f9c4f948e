import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cast, DRILLS } from './drill-cast.ts';
import { kindsOf } from './fault-points.ts';

let cast: Cast;

beforeAll(async () => {
  cast = await Cast.meet();
});

afterAll(() => cast.part());

describe('a client that is killed comes back without losing or repeating, with keys that work', () => {
  // One step in sixty of each, others of each; test/long takes every one.
  test.each(DRILLS.map((name, i) => [name, i] as const))(
    '[CL8, CL14, CL17] at steps of: %s',
    async (name, first) => {
      expect((await cast.killAt(name, { first, step: 60 })).length).toBeGreaterThan(0);
    },
    300_000,
  );

  test('[CL8] keys change in one write with what made them change', async () => {
    for (const name of DRILLS) {
      const { drill, client } = cast.drill(name);
      await drill.prepare(1_000);
      const { points } = await client.live(Infinity, (session) => drill.act(session, 1_000));
      for (const kinds of points.batches.map(kindsOf)) {
        // Sealing stores the message, reading the position, and founding the group that the keys are of.
        if (kinds.includes('mls'))
          expect(kinds.some((kind) => ['outbox', 'position', 'group'].includes(kind))).toBe(true);
        if (kinds.includes('position')) expect(kinds).toEqual(expect.arrayContaining(['leaves', 'timeline']));
      }
      if (name.startsWith('commit')) {
        const settling = points.batches.filter((batch) => kindsOf(batch).includes('pending-commit')).at(-1) ?? [];
        expect(kindsOf(settling)).toEqual(expect.arrayContaining(['position', 'timeline', 'mls', 'pending-commit']));
      }
    }
  }, 120_000);
});
