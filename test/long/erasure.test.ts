import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRandomCase, kernels, randomCase, rebuildFromEveryChoice } from '../core/erasure/erasure-rounds.ts';

test('[RS4] every choice of enough shards gives the others, in every code of up to 16', () => {
  // The others have the same outcomes (`RS5`).
  const [fastest] = kernels;
  let choices = 0;
  for (let total = 2; total <= 16; total++) {
    for (let data = 1; data < total; data++) choices += rebuildFromEveryChoice(fastest!, data, total);
  }
  // The powers of two from 4 to 65,536, less two for each.
  expect(choices).toBe(131_038);
});

test('[RS5] 10,000 random codes, data and losses have one outcome on all kernels', () => {
  fc.assert(fc.property(randomCase, checkRandomCase), { numRuns: 10_000 });
});
