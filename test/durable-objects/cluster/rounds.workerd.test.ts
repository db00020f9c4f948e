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
    for (let step = 0; step < 4; step++) await rounds.step(T + step * 60_000);
    expect(asked).toContain('well');
    expect(new Set(asked).size).toBe(46);
  }));

it('[CR14] silence that began while the clock ran ahead begins when it is right', () =>
  withKeeper(['mute'], async ({ rounds }) => {
    rounds.begin(T, 0);
    await rounds.step(T + 30 * DAY_MS);
    await rounds.step(T);
    expect(await rounds.step(T + DAY_MS)).toBe(true);
    expect(rounds.silent(T + DAY_MS)).toEqual([{ chain: 'mute', since: T }]);
  }));
