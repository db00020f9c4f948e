import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deviceRenamed,
  deviceRevoked,
  encodeState,
  eventDefinitions,
  foundChain,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  mlsReinitialised,
  modulePublished,
  roleChanged,
  transition,
  type ChainState,
  type Event,
} from '../../../core/index.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  identityGenesis,
  reinitBody,
} from '../../../scripts/vectors/sample-bodies.ts';
import { additionOf, recoveryOf, recoverySetting } from '../../../scripts/vectors/sample-identity.ts';
import { newRegistry, publicationOf, rootOf } from '../../../scripts/vectors/sample-registry.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { TestPolicyGroup, TestRegistry } from '../../support/policy-log.ts';
import { tallyOf } from '../../support/tally-policy.ts';
import { valuesOf } from '../codec/values.ts';

const [alice, bob, stranger] = [actorNamed('alice'), actorNamed('bob'), actorNamed('stranger')];

const PLACE = { index: 7, relayTime: 1_800_000_000_000 };

function statesOf(log: LogBuilder, grow: (log: LogBuilder) => void): ChainState[] {
  const first = log.state;
  grow(log);
  return [first, log.state];
}

function withPolicy(): ChainState {
  const registry = new TestRegistry();
  const module = registry.publish(tallyOf(1));
  const group = new TestPolicyGroup(alice, registry);
  group.sync();
  group.bind(module, [memberAdded.type]);
  group.record(alice, 1);
  return group.log.state;
}

const states = [
  withPolicy(),
  ...statesOf(new LogBuilder(alice), (log) => log.append(alice, memberAdded, { actor: bob.key, role: 'member' })),
  ...statesOf(new LogBuilder(alice, groupGenesis('mls')), (log) => {
    log.append(alice, mlsCreated, createdBody);
    log.append(alice, mlsCommit, commitBody(0, { added: [{ actor: bob.key, role: 'admin' }] }));
  }),
  ...statesOf(new LogBuilder(alice, groupGenesis('mls')), (log) => {
    log.append(alice, mlsCreated, createdBody);
    log.append(alice, mlsReinitialised, { ...reinitBody, epoch: 0 });
  }).slice(1),
  ...statesOf(new LogBuilder(alice, identityGenesis()), (log) => {
    log.appendEvent(alice, additionOf(log, alice, { device: bob, name: 'phone' }));
    log.appendEvent(alice, recoverySetting(log, alice, stranger, 1));
    log.appendEvent(stranger, recoveryOf(log, stranger, { device: actorNamed('laptop'), name: 'laptop' }));
  }),
  ...statesOf(newRegistry(rootOf([alice, bob], { threshold: 1 })), (log) =>
    log.append(alice, modulePublished, publicationOf(log, [bob])),
  ),
];

/** Bodies that parse, with actors who mean something here, and bytes that may or may not. */
const typesAndBodies = fc.oneof(
  ...eventDefinitions.map(({ type, body, encodeBody }) =>
    valuesOf(body.notation).map((value) => ({ type, body: encodeBody(value) })),
  ),
  fc.record({
    type: fc.constantFrom(0, 1, 0x0203, 0x0204, 0x02ff, 0x7fff, 0x8000, 0xc000, 0xffff),
    body: fc.uint8Array(),
  }),
);

/** Types whose body begins with the key of somebody who should be in. */
const AIMED = new Set([memberRemoved, roleChanged, deviceRenamed, deviceRevoked].map(({ type }) => type));

const events: fc.Arbitrary<Event> = fc
  .record({
    who: fc.constantFrom(alice, bob, stranger),
    typeAndBody: typesAndBodies,
    target: fc.constantFrom(alice, bob),
  })
  .map(({ who, typeAndBody: { type, body }, target }) => {
    // Random keys name nobody; half the time, one that stands first in a body becomes a member's.
    const aimed = AIMED.has(type);
    if (aimed && body.length >= 32) body.set(target.key);
    const zeros = new Uint8Array(32);
    const envelope = { version: 1 as const, chain: zeros, seenIndex: 0, seenHash: zeros, actorTime: 0 };
    return { ...envelope, actor: who.key, eventId: new Uint8Array(16), type, body };
  });

describe('[ST1] transition', () => {
  test('answers every event, and what it permits leads to a state that encodes', () => {
    let applied = 0;
    fc.assert(
      fc.property(fc.constantFrom(...states), events, (state, event) => {
        const before = encodeState(state);
        const change = transition(state, event);
        if (!change.ok) return;
        const refusal = change.value.permit() ?? change.value.check(PLACE);
        if (refusal === undefined) {
          applied += 1;
          expect(Buffer.compare(encodeState(change.value.apply(PLACE)), encodeState(change.value.apply(PLACE)))).toBe(
            0,
          );
        }
        expect(Buffer.compare(encodeState(state), before)).toBe(0);
      }),
      { numRuns: 5000 },
    );
    expect(applied).toBeGreaterThan(50);
  });

  test('[ST4] gives the same verdict on the same bytes in other memory', () => {
    fc.assert(
      fc.property(fc.constantFrom(...states), events, (state, event) => {
        const verdict = (of: Event) => {
          const change = transition(state, of);
          return change.ok ? (change.value.permit() ?? change.value.check(PLACE)) : change.error;
        };
        expect(verdict(structuredClone(event))).toEqual(verdict(event));
      }),
      { numRuns: 300 },
    );
  });

  test('a genesis of any bytes founds a chain or is refused', () => {
    fc.assert(
      fc.property(events, (event) => {
        const state = foundChain({ ...event, type: 1 });
        if (state.ok) expect(encodeState(state.value).length).toBeGreaterThan(0);
        else expect(state.error.code).toEqual(expect.any(String));
      }),
      { numRuns: 500 },
    );
  });
});
