import { runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  moduleRevoked,
  moduleRevokedAt,
  policyRecorded,
  registrySynced,
  type AppendAnswer,
  type FollowedRegistry,
  type ImportedFacts,
} from '../../../core/index.ts';
import { LEASE_MS } from '../../../relay/index.ts';
import { hashOf } from '../../../scripts/vectors/sample-bodies.ts';
import { ada, ben, cleo, revocationOf, rootOf } from '../../../scripts/vectors/sample-registry.ts';
import { TestActor } from '../../support/test-actor.ts';
import { problemCode, T0, TestChain } from './test-chain.ts';

const [alice, bob, registrar, stranger] = ['alice', 'bob', 'registrar', 'stranger'].map(
  (name) => new TestActor(name),
) as [TestActor, TestActor, TestActor, TestActor];
const WAIT = { timeout: 60_000, interval: 20 };

let registry: TestChain;
let group: TestChain;

/** A group of Alice and Bob that follows a registry, which knows that it does. */
beforeEach(async () => {
  const root = rootOf([ada, ben, cleo], { expiresAt: T0 + 1_000_000 });
  registry = await TestChain.found(registrar, {
    visibility: 'public',
    parameters: { kind: 'registry', value: { root } },
  });
  group = await TestChain.found(alice);
  await group.add(bob);
  accepted(await group.change(registrySynced, { registry: registry.id, facts: await factsFrom(0) }));
  await vi.waitFor(async () => expect(await followers()).toBe(1), WAIT);
});

function accepted(answer: AppendAnswer): void {
  expect(answer.outcomes.map(({ kind }) => kind)).toEqual(['accepted']);
}

async function factsFrom(from: number): Promise<ImportedFacts> {
  const { entries, checkpoint } = await registry.page(registrar, from);
  return { entries: entries.map(({ entry }) => entry), consistency: [], checkpoint };
}

function followers(): Promise<number> {
  return runInDurableObject(
    registry.stub,
    (_, { storage }) => storage.sql.exec<{ count: number }>('SELECT count(*) AS count FROM followers').one().count,
  );
}

async function revoke(name: string): Promise<void> {
  accepted(
    await registry.change(moduleRevoked, revocationOf({ chain: registry.id }, [ada, ben], { modules: [hashOf(name)] })),
  );
}

async function known(): Promise<FollowedRegistry> {
  const { state } = await group.audit();
  if (state?.kind !== 'group' || state.value.registry === undefined) throw new Error('the group follows a registry');
  return state.value.registry;
}

async function record(time: number): Promise<AppendAnswer> {
  const body = policyRecorded.encodeBody({ content: Uint8Array.of(1) });
  return group.append(bob.sign({ chain: group.id, seen: await group.head(), time, type: policyRecorded.type, body }));
}

describe('news of a registry', () => {
  it('[PB13] reach the groups that follow it, by the relay’s own actor', async () => {
    await revoke('a module');
    await vi.waitFor(async () => expect(moduleRevokedAt((await known()).state, hashOf('a module'))).toBe(1), WAIT);
  });

  it('[PB2] are not taken from who is not in the group', async () => {
    const body = registrySynced.encodeBody({ registry: registry.id, facts: await factsFrom(0) });
    const draft = { chain: group.id, seen: await group.head(), time: T0, type: registrySynced.type, body };
    expect(problemCode(await group.append(stranger.sign(draft)))).toBe('not-permitted');
    expect(problemCode(await group.append(bob.sign(draft)))).toBe('facts-old');
  });

  it('[PB14] are asked for before a policy would decide, and where they can’t be nothing else waits', async () => {
    expect(problemCode(await record(T0))).toBe('no-policy');
    const later = T0 + LEASE_MS;
    await group.setClock(later);
    const restore = await cutOff();
    expect(problemCode(await record(later))).toBe('unavailable');
    accepted(await group.append(bob.message(group.id, await group.head(), later, Uint8Array.of(1))));
    restore();
    expect(problemCode(await record(later))).toBe('no-policy');
  });
});

/** Calls come by the class, so that is where they are cut off. */
function cutOff(): Promise<() => void> {
  return runInDurableObject(registry.stub, (target) => {
    const prototype = Object.getPrototypeOf(target) as { newsFor: (...given: unknown[]) => Promise<unknown> };
    const original = prototype.newsFor;
    prototype.newsFor = function (this: unknown, ...given: unknown[]) {
      return this === target ? Promise.reject(new Error('cut off')) : original.call(this, ...given);
    };
    return () => {
      prototype.newsFor = original;
    };
  });
}
