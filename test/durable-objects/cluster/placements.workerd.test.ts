import { expect, it } from 'vitest';
import { parseClusterConfiguration } from '../../../core/index.ts';
import { Placements } from '../../../durable-objects/cluster/placements.ts';
import { ClusterStore } from '../../../durable-objects/cluster/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { clusterMigrations } from '../../../migrations/index.ts';
import { NO_SUMS, totalsOf, type BlobReport } from '../../../relay/index.ts';
import type { OpenedNodes } from '../../../storage/index.ts';
import { freshObject, withStorage } from '../storage-of.ts';

/** Of a configuration with these nodes, a letter each; those in capitals are spares. */
function nodesNamed(letters: string): OpenedNodes {
  const nodes = Array.from(letters, (letter) => {
    const name = letter.toLowerCase();
    return { name, domain: name, kind: 'peer', origin: `https://${name}.example`, spare: letter !== name };
  });
  const configuration = parseClusterConfiguration(JSON.stringify({ nodes, dataShards: 2 }));
  if (!configuration.ok) throw new Error(configuration.error.rule);
  return { configuration: configuration.value, clusterWith: () => expect.fail('no node is asked') };
}

interface Keeper {
  readonly store: ClusterStore;
  /** As the keeper begins with such a configuration. */
  readonly adopt: (letters: string) => Placements;
  /** How often blobs were to follow. */
  readonly changes: () => number;
}

function withKeeper(use: (keeper: Keeper) => void): Promise<void> {
  return withStorage(freshObject('KEEPER'), (storage) => {
    applyMigrations(storage, clusterMigrations);
    // The object itself has taken the configuration of its deployment.
    for (const table of ['placements', 'retired']) storage.sql.exec(`DELETE FROM ${table}`);
    const store = new ClusterStore(storage);
    let changes = 0;
    const adopt = (letters: string): Placements => {
      const placements = new Placements({ storage, store, nodes: nodesNamed(letters), changed: () => (changes += 1) });
      placements.adopt();
      return placements;
    };
    use({ store, adopt, changes: () => changes });
  });
}

/** Of a chain with a blob by each of these placements, that has heard of the newest of them. */
function reportOf(...numbers: readonly number[]): BlobReport {
  const { chains: _, ...none } = totalsOf(NO_SUMS);
  const placements = Object.fromEntries(numbers.map((number) => [number, 1]));
  return { ...none, placements, missing: {}, placement: Math.max(...numbers), round: 0 };
}

const retired = (store: ClusterStore) => store.retired().map(({ node, state }) => `${node} ${state}`);

it('[CR4] the first placement moves nothing, the same nodes are no change, and others make the next one', () =>
  withKeeper(({ store, adopt, changes }) => {
    expect(adopt('abcde').number).toBe(1);
    expect([adopt('abcde').number, changes()]).toEqual([1, 0]);
    const next = adopt('abxde');
    expect([next.number, next.state?.placement.slots, changes()]).toEqual([2, ['a', 'b', 'x', 'd', 'e'], 1]);
    expect(retired(store)).toEqual(['c draining']);
    expect(store.placements().map(({ number }) => number)).toEqual([1, 2]);
  }));

it('[CR5] a node that was replaced is drained once no blob lies there, and gets no slot back by being named', () =>
  withKeeper(({ store, adopt, changes }) => {
    const placements = adopt('abcdeS');
    expect(placements.settleDrains()).toBe(true);
    const replaced = placements.replace(placements.state!, 'b');
    expect(replaced).toMatchObject({ ok: true, value: { placement: { number: 2, slots: ['a', 's', 'c', 'd', 'e'] } } });
    expect([placements.number, changes(), retired(store)]).toEqual([2, 1, ['b draining']]);
    store.report('chain', reportOf(1, 2));
    expect([placements.settleDrains(), placements.isMoving, retired(store)]).toEqual([false, true, ['b draining']]);
    store.report('chain', reportOf(2));
    expect([placements.settleDrains(), placements.isMoving, retired(store)]).toEqual([true, false, ['b drained']]);
    expect([adopt('abcdeS').number, changes()]).toEqual([2, 1]);
  }));

it('[CR5] of two that are drained one that blobs lie on keeps the drain going', () =>
  withKeeper(({ store, adopt }) => {
    adopt('abcde');
    adopt('xbcde');
    const placements = adopt('xycde');
    store.report('chain', reportOf(2, 3));
    // Of the first nothing is left, and of the second what was placed by the second placement.
    expect([placements.settleDrains(), retired(store)]).toEqual([false, ['a drained', 'b draining']]);
  }));
