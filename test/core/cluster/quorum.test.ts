import { expect, test } from 'vitest';
import {
  faultsBorneBy,
  healthOf,
  isWritten,
  lossMargin,
  MAX_CLUSTER_NODES,
  MIN_CLUSTER_NODES,
  mostDataShards,
  writeQuorum,
} from '../../../core/index.ts';

/** Every cluster that may be. */
function* clusters(): Generator<{ dataShards: number; totalShards: number; f: number }> {
  for (let totalShards = MIN_CLUSTER_NODES; totalShards <= MAX_CLUSTER_NODES; totalShards++) {
    const f = faultsBorneBy(totalShards);
    for (let dataShards = 1; dataShards <= mostDataShards(totalShards); dataShards++)
      yield { dataShards, totalShards, f };
  }
}

test('[SC1] fewer than a third may fail, and with one more it would be a third', () => {
  for (const { totalShards, f } of clusters()) {
    expect(3 * f).toBeLessThan(totalShards);
    expect(3 * (f + 1)).toBeGreaterThanOrEqual(totalShards);
    expect(f).toBeGreaterThan(0);
  }
});

test('[SC2, SC5] a write succeeds with f nodes dead, and what it left is read with f others lost', () => {
  for (const { dataShards, totalShards, f } of clusters()) {
    const alive = totalShards - f;
    expect(isWritten({ dataShards, totalShards }, alive)).toBe(true);
    expect(alive - f).toBeGreaterThanOrEqual(dataShards);
    // The write is acknowledged once a quorum has it; f of these may be lost before any more come.
    const quorum = writeQuorum({ dataShards, totalShards });
    expect(isWritten({ dataShards, totalShards }, quorum - 1)).toBe(false);
    expect(quorum - f).toBe(dataShards);
  }
  // One data shard more, and nothing could be acknowledged while f are dead.
  for (let n = MIN_CLUSTER_NODES; n <= MAX_CLUSTER_NODES; n++) {
    expect(isWritten({ dataShards: mostDataShards(n) + 1, totalShards: n }, n - faultsBorneBy(n))).toBe(false);
  }
});

test('[SC6] the health of a blob follows from its good shards', () => {
  const quorum = { dataShards: 4, totalShards: 10 };
  const healths = [3, 4, 6, 7, 9, 10].map((verified) => healthOf(quorum, verified));
  expect(healths).toEqual(['lost', 'below-quorum', 'below-quorum', 'degraded', 'degraded', 'whole']);
  expect([0, 3, 4, 10].map((verified) => lossMargin(quorum, verified))).toEqual([-4, -1, 0, 6]);
});
