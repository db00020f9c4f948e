import { expect, test } from 'vitest';
import { MAX_GROUP_LEAVES } from '../../../core/mls/index.ts';
import { turnOf } from '../../../sdk/group/turns.ts';

test('[CL42] of all leaves that a tree can have, no two have the same turn in one epoch', () => {
  for (const epoch of [0, 1, 5_000]) {
    const turns = Array.from({ length: MAX_GROUP_LEAVES }, (_, leafIndex) =>
      turnOf({ leafIndex, epoch }, MAX_GROUP_LEAVES),
    );
    expect(new Set(turns).size).toBe(MAX_GROUP_LEAVES);
    expect([Math.min(...turns), Math.max(...turns)]).toEqual([1, MAX_GROUP_LEAVES]);
  }
});
