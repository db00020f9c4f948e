import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../core/index.ts';
import {
  backlogOf,
  configureOperators,
  configureRepairRate,
  NO_SUMS,
  RepairBudget,
  shardsOn,
  sumsWith,
  totalsOf,
  type BlobReport,
} from '../../../relay/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { sumsOf } from './sums-of.ts';

describe('the rate of repairs', () => {
  it('[CR8] lets as much through in any time as it says, and a little at once', () => {
    const budget = new RepairBudget(1_000, 0);
    expect(budget.take(1_500, 0)).toBe(0);
    expect(budget.take(1_500, 0)).toBe(1_000);
    expect(budget.take(0, 1_000)).toBe(0);
    let [now, taken] = [1_000, 0];
    while (now < 61_000) {
      now += budget.take(700, now) || 1;
      taken += 700;
    }
    expect(taken).toBeGreaterThan(59_000);
    expect(taken).toBeLessThan(62_500);
  });

  it('[CR8] saves up no more than two seconds, and a clock that goes back gives nothing', () => {
    const budget = new RepairBudget(1_000, 0);
    expect(budget.take(3_000, 3_600_000)).toBe(1_000);
    expect(budget.take(0, 0)).toBe(1_000);
  });

  it('[CR8] comes from REPAIR_BYTES_PER_S, where that is a number of bytes', () => {
    expect(configureRepairRate({ REPAIR_BYTES_PER_S: '1000000' })).toBe(1_000_000);
    for (const value of [undefined, '', '12', '-5', 'fast', '1e9']) {
      expect(configureRepairRate({ REPAIR_BYTES_PER_S: value })).toBe(8_388_608);
    }
  });
});

describe('operators', () => {
  it('[CR10] are those whose keys the variable lists, and nobody where one of them is no key', () => {
    const [a, b] = ['a', 'b'].map((label) => toBase64Url(new TestActor(label).key)) as [string, string];
    expect(configureOperators({ OPERATORS: ` ${a}, ${b} ` })).toEqual({ operators: new Set([a, b]), faults: [] });
    expect(configureOperators({})).toEqual({ operators: new Set(), faults: [] });
    expect(configureOperators({ OPERATORS: `${a}, ${b.slice(1)}` })).toEqual({
      operators: new Set(),
      faults: ['OPERATORS'],
    });
  });
});

describe('what chains report', () => {
  const report: BlobReport = {
    blobs: 3,
    bytes: 100,
    placements: { 1: 2, 2: 1 },
    missing: { a: 2 },
    degraded: 1,
    belowQuorum: 0,
    lost: 0,
    inconsistent: 0,
    margin: 1,
    repaired: 5,
    scrubbedBytes: 7,
    leftovers: 0,
    placement: 2,
    round: 1,
  };

  it('[CR9] adds up: the worst margin, and of each node what lies there', () => {
    const lost = { ...report, margin: -1, lost: 1, missing: { a: 2, b: 1 } };
    const sums = sumsOf([report, lost, { ...report, blobs: 0, margin: null }]);
    expect(totalsOf(sums)).toMatchObject({ chains: 3, blobs: 6, margin: -1, lost: 1, repaired: 15 });
    expect(backlogOf(sums)).toBe(7);
    // A chain's next report takes the place of the one before.
    expect(sumsWith(sums, report, lost)).toEqual(sumsOf([report, report, { ...report, blobs: 0, margin: null }]));
    const placements = [
      { version: 1 as const, number: 1, dataShards: 4, slots: ['a', 'b'] },
      { version: 1 as const, number: 2, dataShards: 4, slots: ['c', 'b'] },
    ];
    expect(['a', 'b', 'c'].map((node) => shardsOn(node, sums, placements))).toEqual([0, 8, 3]);
    expect(totalsOf(NO_SUMS)).toMatchObject({ chains: 0, blobs: 0, margin: null });
  });
});
