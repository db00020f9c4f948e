import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  changeBetween,
  checkCluster,
  encode,
  foundPlacement,
  nextPlacement,
  nodesFor,
  parsePlacement,
  placementCodec,
  type Cluster,
} from '../../../core/index.ts';

function clusterOf(names: readonly string[], dataShards: number): Cluster {
  const nodes = names.map((name) => ({ name, domain: name }));
  const checked = checkCluster({ nodes, dataShards, allowsSharedDomains: false });
  if (!checked.ok) throw new Error(checked.error.rule);
  return checked.value;
}

const SIX = ['a', 'b', 'c', 'd', 'e', 'f'];
const first = foundPlacement(clusterOf(SIX, 4));
const keyOf = (number: number) => Uint8Array.of(number >> 8, number & 0xff);

test('[SC4] shards go to the nodes in a row, from the one that the hash of the key chooses', () => {
  for (let number = 0; number < 50; number++) {
    const start = createHash('sha256').update(keyOf(number)).digest().readUInt32BE(0) % 6;
    expect(nodesFor(first, keyOf(number))).toEqual(SIX.map((_, shard) => SIX[(shard + start) % 6]));
  }
});

test('[SC4] each node has one shard of each blob, and as many data shards as the others', () => {
  const BLOBS = 6_000;
  const dataShards = new Map(SIX.map((name) => [name, 0]));
  for (let number = 0; number < BLOBS; number++) {
    const nodes = nodesFor(first, keyOf(number));
    expect(new Set(nodes).size).toBe(6);
    for (const name of nodes.slice(0, 4)) dataShards.set(name, dataShards.get(name)! + 1);
  }
  for (const [name, count] of dataShards) {
    expect(count / ((BLOBS * 4) / 6), name).toBeGreaterThan(0.95);
    expect(count / ((BLOBS * 4) / 6), name).toBeLessThan(1.05);
  }
});

test('[SC7] a node that is replaced gives its slot away, and its shards are all that move', () => {
  const second = nextPlacement(first, clusterOf(['f', 'x', 'e', 'a', 'b', 'd'], 4));
  expect(second).toEqual({ version: 1, number: 2, dataShards: 4, slots: ['a', 'b', 'x', 'd', 'e', 'f'] });
  for (let number = 0; number < 20; number++) {
    const shard = nodesFor(first, keyOf(number)).indexOf('c');
    expect(changeBetween(first, second, keyOf(number))).toEqual({
      kind: 'copy',
      moves: [{ shard, from: 'c', to: 'x' }],
    });
    expect(changeBetween(second, second, keyOf(number))).toEqual({ kind: 'stay' });
  }
});

test('[SC7] the same nodes in another order are the same placement', () => {
  expect(nextPlacement(first, clusterOf([...SIX].reverse(), 4))).toBe(first);
});

test('[SC7] another number of nodes, or of data shards, makes other shards', () => {
  for (const later of [
    nextPlacement(first, clusterOf([...SIX, 'g'], 3)),
    nextPlacement(first, clusterOf(SIX, 3)),
    nextPlacement(first, clusterOf(SIX.slice(1), 3)),
  ]) {
    expect(later.number).toBe(2);
    expect(changeBetween(first, later, keyOf(1))).toEqual({ kind: 'encode-again' });
  }
});

test('[SC7] through any changes each slot has one node, and no node moves but where their number changes', () => {
  const names = 'abcdefghijkl'.split('');
  const sets = fc.array(fc.shuffledSubarray(names, { minLength: 4, maxLength: 12 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sets, (changes) => {
      let placement = foundPlacement(clusterOf(changes[0]!, 2));
      for (const nodes of changes) {
        const next = nextPlacement(placement, clusterOf(nodes, 2));
        expect([...next.slots].sort()).toEqual([...nodes].sort());
        if (next.slots.length === placement.slots.length) {
          for (const [slot, name] of placement.slots.entries()) {
            if (nodes.includes(name)) expect(next.slots[slot]).toBe(name);
          }
        }
        expect(next.number - placement.number).toBe(next === placement ? 0 : 1);
        placement = next;
      }
    }),
    { numRuns: 100 },
  );
});

test('[SC7] a placement with a node twice, or of no cluster, is none', () => {
  expect(parsePlacement(encode(placementCodec, first))).toEqual({ ok: true, value: first });
  for (const wrong of [
    { ...first, slots: ['a', 'b', 'c', 'd', 'e', 'a'] },
    { ...first, slots: ['a', 'b', 'c', 'd', 'e', ''] },
    { ...first, dataShards: 5 },
    { ...first, slots: ['a', 'b', 'c'], dataShards: 1 },
  ]) {
    expect(parsePlacement(encode(placementCodec, wrong))).toEqual({
      ok: false,
      error: { code: 'malformed', reason: 'out-of-range', offset: 6 },
    });
  }
});
