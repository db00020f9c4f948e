import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../core/index.ts';
import { Rounds } from '../../../durable-objects/cluster/rounds.ts';
import { ClusterStore } from '../../../durable-objects/cluster/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { clusterMigrations } from '../../../migrations/index.ts';
import { NO_SUMS, totalsOf, type BlobReport } from '../../../relay/index.ts';
import { freshObject, withStorage } from '../storage-of.ts';

const T = 1_900_000_000_000;

/** A chain's word that it is through with a round, and how much it has read by then. */
function reportOf(round: number, scrubbedBytes = 0): BlobReport {
  const { chains: _, ...none } = totalsOf(NO_SUMS);
  return { ...none, placements: {}, missing: {}, placement: 1, round, scrubbedBytes };
}

interface Keeper {
  readonly store: ClusterStore;
  readonly rounds: Rounds;
  /** Who was asked, in that order. */
  readonly asked: string[];
}

/** With chains that are through with the rounds that they are asked for, unless their name says what else they do. */
function withKeeper(chains: readonly string[], use: (keeper: Keeper) => Promise<void>): Promise<void> {
  return withStorage(freshObject('KEEPER'), async (storage) => {
    applyMigrations(storage, clusterMigrations);
    const store = new ClusterStore(storage);
    const asked: string[] = [];
    const ask = async (chain: string, round: number): Promise<void> => {
      asked.push(chain);
      if (chain.startsWith('hung')) return new Promise(() => undefined);
      if (chain.startsWith('well')) store.report(chain, reportOf(round));
    };
    for (const chain of chains) store.report(chain, reportOf(0));
    await use({ store, rounds: new Rounds(storage, store, ask, 20), asked });
  });
}

it('[CR14] a round goes on past a chain that hangs, and ends without it after a day; it is named, and asked all the same', () =>
  withKeeper(['hung', 'well'], async ({ rounds, store, asked }) => {
    rounds.begin(T, 0);
    expect(await rounds.step(T)).toBe(false);
    expect(rounds.chainsBehind).toBe(1);
    expect(rounds.silent(T + 2 * HOUR_MS - 1)).toEqual([]);
    expect(rounds.silent(T + 2 * HOUR_MS)).toEqual([{ chain: 'hung', since: T }]);
    expect(await rounds.step(T + DAY_MS - 1)).toBe(false);
    expect(rounds.silent(T + DAY_MS - 1)).toEqual([{ chain: 'hung', since: T }]);
    expect(await rounds.step(T + DAY_MS)).toBe(true);
    // The next round waits for it no more.
    rounds.begin(T + 8 * DAY_MS, 0);
    expect(await rounds.step(T + 8 * DAY_MS)).toBe(true);
    const { finishedAt } = rounds.current;
    asked.splice(0);
    await rounds.step(T + 8 * DAY_MS + HOUR_MS - 1);
    expect(asked).toEqual([]);
    expect(rounds.askAgainAt(T, T + DAY_MS)).toBe(T + HOUR_MS);
    await rounds.step(T + 8 * DAY_MS + HOUR_MS);
    expect(asked).toEqual(['hung']);
    expect(rounds.current).toMatchObject({ number: 2, finishedAt });
    store.report('hung', reportOf(2));
    expect([rounds.chainsBehind, rounds.countSilent(T + 20 * DAY_MS)]).toEqual([0, 0]);
    expect(rounds.askAgainAt(T, T + DAY_MS)).toBe(T + DAY_MS);
    // It is through, so its silence begins anew when it is asked for another round.
    rounds.begin(T + 20 * DAY_MS, 0);
    expect(await rounds.step(T + 20 * DAY_MS)).toBe(false);
    expect(rounds.countSilent(T + 20 * DAY_MS)).toBe(0);
  }));

it('[CR14] a chain that is behind is asked each minute, and at once in a new round', () =>
  withKeeper(['mute'], async ({ rounds, asked }) => {
    rounds.begin(T, 0);
    const askedAt = async (ms: number): Promise<number> => {
      asked.splice(0);
      await rounds.step(T + ms);
      return asked.length;
    };
    expect([await askedAt(0), await askedAt(59_999), await askedAt(60_000)]).toEqual([1, 0, 1]);
    rounds.begin(T + 60_001, 0);
    expect(await askedAt(60_001)).toBe(1);
  }));

it('[CR1] a round that begins while chains of the one before are asked is not ended with it', () =>
  withStorage(freshObject('KEEPER'), async (storage) => {
    applyMigrations(storage, clusterMigrations);
    const store = new ClusterStore(storage);
    store.report('well', reportOf(0));
    const rounds: Rounds = new Rounds(storage, store, async (chain, round) => {
      store.report(chain, reportOf(2));
      if (round === 1) rounds.begin(T + 1, 0);
    });
    rounds.begin(T, 0);
    expect(await rounds.step(T)).toBe(false);
    expect(rounds.current).toMatchObject({ number: 2, finishedAt: undefined });
    expect(await rounds.step(T + 2)).toBe(true);
    expect([rounds.current.finishedAt, rounds.lastFinished]).toEqual([T + 2, 2]);
    rounds.begin(T + 3, 0);
    expect(rounds.lastFinished).toBe(2);
    rounds.begin(T + 4, 0);
    expect(rounds.lastFinished).toBe(2);
  }));

it('[CR9] what a chain reports stands in place of what it reported before', () =>
  withKeeper(['well'], async ({ store }) => {
    const report = { ...reportOf(3), blobs: 5, placements: { 1: 5 }, leftovers: 2 };
    for (const blobs of [7, 5]) store.report('well', { ...report, blobs });
    // One that comes late puts no chain back into a round that it is through with.
    store.report('well', { ...report, round: 2 });
    expect(store.countBehind(3)).toBe(0);
    expect(store.sums).toMatchObject({ chains: 1, blobs: 5, placements: { 1: 5 }, leftovers: 2 });
  }));

it('[CR14] a chain that reads for days is waited for as long as it gets on', () =>
  withKeeper(['slow'], async ({ rounds, store }) => {
    rounds.begin(T, 0);
    for (let day = 0; day < 5; day++) {
      expect(await rounds.step(T + day * DAY_MS)).toBe(false);
      store.report('slow', reportOf(0, day + 1));
    }
    expect(await rounds.step(T + 5 * DAY_MS)).toBe(false);
    // What it says of other things is no sign that it gets on.
    store.report('slow', reportOf(0, 5));
    expect(await rounds.step(T + 6 * DAY_MS)).toBe(true);
  }));

it('[CR14] chains that say nothing take no other its turn, however many they are', () =>
  withKeeper([...Array.from({ length: 45 }, (_, index) => `mute ${index}`), 'well'], async ({ rounds, asked }) => {
    rounds.begin(T, 0);
    await rounds.step(T);
    // They share a rate, so more at a time would only wait for each other.
    expect(asked).toHaveLength(20);
    for (let step = 1; step < 4; step++) await rounds.step(T + step * 60_000);
    expect(asked).toContain('well');
    expect(new Set(asked).size).toBe(46);
    const silent = rounds.silent(T + DAY_MS);
    expect([rounds.countSilent(T + DAY_MS), silent.length]).toEqual([45, 20]);
    expect(silent.every(({ since }) => since === T)).toBe(true);
  }));

it('[CR14] silence that began while the clock ran ahead begins when it is right', () =>
  withKeeper(['mute'], async ({ rounds }) => {
    rounds.begin(T, 0);
    await rounds.step(T + 30 * DAY_MS);
    await rounds.step(T);
    expect(await rounds.step(T + DAY_MS)).toBe(true);
    expect(rounds.silent(T + DAY_MS)).toEqual([{ chain: 'mute', since: T }]);
  }));
