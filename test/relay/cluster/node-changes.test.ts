import { describe, expect, it } from 'vitest';
import { foundPlacement, checkCluster } from '../../../core/index.ts';
import {
  drainedNodes,
  placementFor,
  replaceNode,
  stateOf,
  type BlobReport,
  type ClusterState,
  type PlaceableNode,
} from '../../../relay/index.ts';
import { sumsOf } from './sums-of.ts';

/** A letter a node. */
function slotsOf(letters: string): string[] {
  return Array.from(letters);
}

function nodes(names: string, spares = ''): PlaceableNode[] {
  return [
    ...slotsOf(names).map((name) => ({ name, domain: `in-${name}` })),
    ...slotsOf(spares).map((name) => ({ name, domain: `in-${name}`, spare: true })),
  ];
}

function stateWith(change: Partial<ClusterState> & { readonly nodes?: PlaceableNode[] } = {}): ClusterState {
  const founded = checkCluster({ nodes: nodes('abcdef'), dataShards: 4, allowsSharedDomains: false });
  if (!founded.ok) throw new Error(founded.error.rule);
  const { nodes: configured = nodes('abcdef', 'gh'), ...rest } = change;
  return {
    placement: foundPlacement(founded.value),
    configuration: { nodes: configured, dataShards: 4, allowsSharedDomains: false },
    retired: new Map(),
    ...rest,
  };
}

describe('the placement that a configuration asks for', () => {
  it('[CR4] is the one in force while the nodes with a slot are the same, whoever is a spare', () => {
    const state = stateWith();
    expect(placementFor(state)).toBe(state.placement);
    expect(stateOf(state, 'a')).toBe('active');
    expect(stateOf(state, 'g')).toBe('spare');
  });

  it('[CR4] is the next one where an operator put another node in the list, and keeps the slots of those who stay', () => {
    const next = placementFor(stateWith({ nodes: nodes('abxdef') }));
    expect(next).toMatchObject({ number: 2, slots: slotsOf('abxdef') });
    const more = placementFor(stateWith({ nodes: nodes('abcdefxyz') }));
    expect(more).toMatchObject({ number: 2, slots: slotsOf('abcdefxyz') });
  });

  it('[CR4] gives no slot back to a node that was replaced, though the configuration names it still', () => {
    const replaced = { ...stateWith().placement, number: 2, slots: slotsOf('agcdef') };
    const state = stateWith({ placement: replaced, retired: new Map([['b', 'drained']]) });
    expect(placementFor(state)).toBe(replaced);
    expect(stateOf(state, 'b')).toBe('drained');
  });

  it('[CR4] stays where what is asked for is no cluster', () => {
    expect(placementFor(stateWith({ nodes: nodes('abcde') }))).toBeUndefined();
    expect(placementFor(stateWith({ nodes: nodes('abc') }))).toBeUndefined();
  });
});

describe('replacing a node', () => {
  it('[CR5] puts the spare that was named, or the first, into the slot', () => {
    expect(replaceNode(stateWith(), 'c', 'h')).toMatchObject({
      ok: true,
      value: { number: 2, slots: slotsOf('abhdef') },
    });
    expect(replaceNode(stateWith(), 'c', undefined)).toMatchObject({ ok: true, value: { slots: slotsOf('abgdef') } });
    // One that the configuration forgot can still be replaced.
    const forgotten = stateWith({ nodes: nodes('abdef', 'g') });
    expect(replaceNode(forgotten, 'c', undefined)).toMatchObject({ ok: true, value: { slots: slotsOf('abgdef') } });
  });

  it('[CR5] refuses a node without a slot, and where no spare keeps the rules', () => {
    expect(replaceNode(stateWith(), 'g', undefined)).toEqual({ ok: false, error: { code: 'no-such-node', node: 'g' } });
    const refused = { ok: false, error: { code: 'no-spare-node', node: 'c' } };
    expect(replaceNode(stateWith({ nodes: nodes('abcdef') }), 'c', undefined)).toEqual(refused);
    expect(replaceNode(stateWith(), 'c', 'a')).toEqual(refused);
    const near = [...nodes('abcdef'), { name: 'g', domain: 'in-a', spare: true }];
    expect(replaceNode(stateWith({ nodes: near }), 'c', undefined)).toEqual(refused);
    expect(replaceNode(stateWith({ nodes: near }), 'a', undefined)).toMatchObject({ ok: true });
  });
});

describe('draining a node', () => {
  const first = { ...stateWith().placement, number: 1 };
  const inForce = { ...first, number: 2, slots: slotsOf('agcdef') };
  const moved: BlobReport = {
    blobs: 1,
    bytes: 1,
    placements: { 2: 1 },
    missing: {},
    degraded: 0,
    belowQuorum: 0,
    lost: 0,
    inconsistent: 0,
    margin: 2,
    repaired: 0,
    scrubbedBytes: 0,
    leftovers: 0,
    placement: 2,
    round: 1,
  };
  const drained = (...reports: readonly BlobReport[]) => drainedNodes(['b'], [first, inForce], sumsOf(reports));

  it('[CR5] is over once no blob and no leftover lies there', () => {
    expect(drained(moved)).toEqual(['b']);
    expect(drained(moved, { ...moved, placements: { 1: 1, 2: 4 } })).toEqual([]);
    expect(drained({ ...moved, leftovers: 1 })).toEqual([]);
  });

  it('[CR5] goes on while a chain may still write by the placement before', () => {
    expect(drained(moved, { ...moved, placement: 1 })).toEqual([]);
  });
});
