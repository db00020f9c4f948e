import { beforeEach, describe, expect, test } from 'vitest';
import {
  auditStateIntegrity,
  encodeState,
  groupMessage,
  identitySynced,
  memberAdded,
  memberRemoved,
  mlsCreated,
  mlsReinitialised,
  parseState,
  policyBound,
  policyCallFor,
  policyRecorded,
  registrySynced,
  roleChanged,
  stateDigest,
  type PolicyExecutor,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder, START_MS } from '../../../scripts/vectors/log-builder.ts';
import { createdBody, hashOf, messageBody, reinitBody } from '../../../scripts/vectors/sample-bodies.ts';
import { registryGenesis } from '../../../scripts/vectors/sample-registry.ts';
import { accountOf, factsOf, groupAtRelay, relay } from '../../support/account-log.ts';
import { TestExecutor, TestPolicyGroup, TestRegistry } from '../../support/policy-log.ts';
import { tallyOf, TALLY_REASON } from '../../support/tally-policy.ts';

const [alice, bob] = [actorNamed('alice'), actorNamed('bob')];
const [carol, stranger] = [actorNamed('carol'), actorNamed('stranger')];
const YEAR_MS = 365 * 86_400_000;

let registry: TestRegistry;
let group: TestPolicyGroup;
let tally: Uint8Array;

/** A group of Alice with Bob and a reader, which follows a registry with one module and has bound nothing. */
beforeEach(() => {
  registry = new TestRegistry();
  tally = registry.publish(tallyOf(1));
  group = new TestPolicyGroup(alice, registry, groupAtRelay(alice));
  group.log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  group.log.append(alice, memberAdded, { actor: carol.key, role: 'reader' });
  group.sync();
});

const stateNow = (): readonly number[] => [...(group.log.group.policy?.state ?? [-1])];

describe('the registry that a group follows', () => {
  test('[PB1, PB2] is what an owner imports first, and then what anyone can prove', () => {
    const fresh = new TestPolicyGroup(alice, registry, groupAtRelay(alice));
    fresh.log.append(alice, memberAdded, { actor: bob.key, role: 'admin' });
    const body = { registry: registry.log.chain, facts: factsOf(registry.log) };
    for (const by of [bob, stranger, relay]) {
      expect(fresh.log.codeOf(by, registrySynced, body)).toBe('not-permitted');
    }
    fresh.sync(alice);
    expect(fresh.log.group.registry?.state).toEqual(registry.log.registry);
    registry.publish(tallyOf(2));
    fresh.sync(relay);
    expect(fresh.log.group.registry).toMatchObject({ size: registry.log.size, state: registry.log.registry });
    expect(fresh.log.group.registry?.head).toEqual(registry.log.leaves.at(-1)?.hash);
  });

  test('[PB2] is not what a removed member says', () => {
    group.log.append(alice, memberRemoved, { actor: bob.key });
    registry.publish(tallyOf(2));
    const facts = factsOf(registry.log, { from: 2 });
    expect(group.log.codeOf(bob, registrySynced, { registry: registry.log.chain, facts })).toBe('actor-removed');
  });

  test('[PB1] takes nothing that its log does not prove', () => {
    registry.publish(tallyOf(2));
    const facts = factsOf(registry.log, { from: 2 });
    const refusalOf = (changed: typeof facts, of: Uint8Array = registry.log.chain): unknown =>
      group.log.refusalOf(group.log.event(relay, registrySynced, { registry: of, facts: changed }));
    expect(refusalOf({ ...facts, entries: [] })).toEqual({ code: 'facts-old', size: 2 });
    expect(refusalOf(factsOf(registry.log))).toEqual({ code: 'facts-old', size: 2 });
    expect(refusalOf(factsOf(registry.log, { from: 2, signer: stranger }))).toMatchObject({ reason: 'checkpoint' });
    const flipped = facts.entries[0]!.slice();
    flipped[flipped.length - 100] = (flipped.at(-100) ?? 0) ^ 1;
    expect(refusalOf({ ...facts, entries: [flipped] })).toMatchObject({ code: 'facts-invalid' });
    expect(refusalOf(facts, hashOf('another registry'))).toEqual({ code: 'not-permitted' });
    expect(refusalOf(facts)).toBeUndefined();
  });

  test('[PB1] is a registry: the chain of an account is none', () => {
    const account = accountOf(bob);
    const body = { registry: account.chain, facts: factsOf(account) };
    const refusal = group.log.refusalOf(group.log.event(alice, registrySynced, body));
    expect(refusal).toEqual({ code: 'facts-invalid', reason: 'rule' });
  });

  test('[PB3] is of the group’s own relay', () => {
    const elsewhere = new LogBuilder(alice, registryGenesis(undefined, { checkpointKey: stranger.key }), {
      isSigned: true,
    });
    const facts = factsOf(elsewhere, { signer: stranger });
    expect(group.log.codeOf(alice, registrySynced, { registry: elsewhere.chain, facts })).toBe('foreign-registry');
  });

  test('[PB3] is one at a time, and no other while a policy is in force', () => {
    const twin = new LogBuilder(stranger, registryGenesis(undefined, { checkpointKey: relay.key }), { isSigned: true });
    const body = { registry: twin.chain, facts: factsOf(twin) };
    group.bind(tally);
    expect(group.log.codeOf(alice, registrySynced, body)).toBe('policy-in-force');
    group.log.append(alice, policyBound, { binding: undefined });
    group.log.append(alice, registrySynced, body);
    expect(group.log.group.registry?.registry).toEqual(twin.chain);
    expect(
      group.log.codeOf(alice, policyBound, { binding: { registry: registry.log.chain, module: tally, guards: [] } }),
    ).toBe('wrong-registry');
  });
});

describe('a policy', () => {
  test('[PB4] is put in force by an owner alone, where the registry trusts its module at that time', () => {
    for (const by of [bob, carol, stranger]) {
      expect(group.refusalOf(group.bindingEvent(tally, [], by))).toEqual({ code: 'not-permitted' });
    }
    expect(group.refusalOf(group.bindingEvent(hashOf('unheard of')))).toEqual({ code: 'module-not-published' });
    group.log.time = START_MS + YEAR_MS;
    expect(group.refusalOf(group.bindingEvent(tally))).toMatchObject({ code: 'module-expired' });
    group.log.time = START_MS;
    const index = group.bind(tally);
    expect(group.log.group.policy).toEqual({ module: tally, guards: [], since: index, state: new Uint8Array() });
  });

  test('[PB4] is not put in force once its module is revoked', () => {
    registry.revoke(tally);
    group.sync();
    expect(group.refusalOf(group.bindingEvent(tally))).toMatchObject({ code: 'module-revoked' });
  });

  test('[PB6] decides over records: what it leaves is the next one’s state, what it rejects changes nothing', () => {
    group.bind(tally);
    group.record(alice, 5);
    group.record(bob, 1, 2, 3);
    const before = encodeState(group.log.state);
    expect(group.refusalOf(group.recordEvent(bob, 0))).toEqual({ code: 'policy-rejected', reason: TALLY_REASON });
    expect(group.refusalOf(group.recordEvent(bob, 255))).toEqual({ code: 'policy-stopped', cause: 'trap' });
    expect(encodeState(group.log.state)).toEqual(before);
    group.record(alice, 9);
    expect(stateNow()).toEqual([5, 3, 9]);
  });

  test('[PB6] gets the content of a record, with the manifest’s fuel and no more than any may use', () => {
    group.bind(tally);
    const event = group.recordEvent(bob, 1, 2, 3);
    const call = policyCallFor(group.log.state, event, 77);
    expect(call).toMatchObject({ kind: 'apply', module: tally, fuel: 5_000_000, isGuarded: false });
    const record = Buffer.from(call?.kind === 'apply' ? call.event : []);
    expect(record.subarray(2, 34)).toEqual(Buffer.from(bob.key));
    expect(record.readBigUInt64BE(34)).toBe(77n);
    expect(record.subarray(42).toString('hex')).toBe('040203010203');
    const greedy = registry.publish(tallyOf(9), { fuel: 9_000_000_000 });
    group.sync();
    group.bind(greedy);
    expect(policyCallFor(group.log.state, event, 77)).toMatchObject({ fuel: 50_000_000 });
  });

  test('[PB6] takes records of members, and none without a policy', () => {
    expect(group.log.codeOf(bob, policyRecorded, { content: Uint8Array.of(1) })).toBe('no-policy');
    group.bind(tally);
    expect(group.refusalOf(group.recordEvent(carol, 1))).toEqual({ code: 'not-permitted' });
    expect(group.refusalOf(group.recordEvent(stranger, 1))).toEqual({ code: 'not-permitted' });
  });

  test('[PB10] is asked last: a verdict on another state, record or module is none', () => {
    group.bind(tally);
    const event = group.recordEvent(bob, 1);
    const early = group.verdictOn(event);
    group.record(alice, 5);
    expect(group.log.refusalOf(event, early)).toEqual({ code: 'policy-undecided' });
    expect(group.log.refusalOf(event)).toEqual({ code: 'policy-undecided' });
    const other = group.verdictOn(group.recordEvent(bob, 2));
    expect(group.log.refusalOf(event, other)).toEqual({ code: 'policy-undecided' });
    expect(group.refusalOf(event)).toBeUndefined();
    const late = group.log.event(bob, policyRecorded, { content: Uint8Array.of(0) }, { actorTime: 0 });
    expect(group.refusalOf(late)).toMatchObject({ code: 'clock-skew' });
  });

  test('[PB11] that is revoked or expired takes nothing more, and what it took stands', () => {
    group.bind(tally, [memberAdded.type]);
    group.record(alice, 5);
    group.log.time = START_MS + YEAR_MS;
    const newcomer = { actor: stranger.key, role: 'reader' } as const;
    expect(group.refusalOf(group.recordEvent(bob, 1))).toMatchObject({ code: 'module-expired' });
    expect(group.refusalOf(group.log.event(alice, memberAdded, newcomer))).toMatchObject({ code: 'module-expired' });
    group.log.time = START_MS;
    registry.revoke(tally);
    group.sync(relay);
    expect(group.refusalOf(group.recordEvent(bob, 1))).toMatchObject({ code: 'module-revoked' });
    expect(group.refusalOf(group.log.event(alice, memberAdded, newcomer))).toMatchObject({ code: 'module-revoked' });
    expect(stateNow()).toEqual([5]);
    group.log.append(alice, policyBound, { binding: undefined });
    group.log.append(alice, memberAdded, newcomer);
  });

  test('[PB5] is part of the state, its digest and a snapshot', () => {
    const digests = [stateDigest(group.log.state)];
    group.bind(tally);
    digests.push(stateDigest(group.log.state));
    group.record(bob, 1);
    digests.push(stateDigest(group.log.state));
    expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(3);
    expect(parseState(encodeState(group.log.state))).toEqual(group.log.state);
  });

  test('[PB7] goes out of force, with its state', () => {
    expect(group.log.codeOf(alice, policyBound, { binding: undefined })).toBe('no-policy');
    group.bind(tally);
    group.record(bob, 1);
    expect(group.log.codeOf(bob, policyBound, { binding: undefined })).toBe('not-permitted');
    group.log.append(alice, policyBound, { binding: undefined });
    expect(group.log.group.policy).toBeUndefined();
    group.bind(tally);
    expect(stateNow()).toEqual([]);
  });
});

describe('another version of a policy', () => {
  test('[PB7] takes over the state by its migrate, or as it is', () => {
    const [kept, marked] = [registry.publish(tallyOf(2)), registry.publish(tallyOf(3, 'marks'))];
    group.sync();
    group.bind(tally);
    group.record(bob, 5);
    expect(group.refusalOf(group.bindingEvent(kept))).toBeUndefined();
    group.bind(kept);
    expect(stateNow()).toEqual([5]);
    const index = group.bind(marked);
    expect(stateNow()).toEqual([5, 99]);
    expect(group.log.group.policy).toMatchObject({ module: marked, since: index });
  });

  test('[PB7] that does not take it over is refused, and the one before stays in force', () => {
    const failing = registry.publish(tallyOf(2, 'rejects'));
    group.sync();
    group.bind(tally);
    group.record(bob, 5);
    const event = group.bindingEvent(failing);
    const refusal = { code: 'policy-migration-failed', reason: TALLY_REASON, cause: undefined };
    expect(group.refusalOf(event)).toEqual(refusal);
    expect(group.log.refusalOf(event)).toEqual({ code: 'policy-undecided' });
    const { call } = group.verdictOn(event)!;
    expect(group.log.refusalOf(event, { call, outcome: { kind: 'stopped', cause: 'fuel' } })).toEqual({
      code: 'policy-migration-failed',
      reason: undefined,
      cause: 'fuel',
    });
    group.record(bob, 6);
    expect(group.log.group.policy).toMatchObject({ module: tally, state: Uint8Array.of(5, 6) });
  });

  test('[PB7] rises, and is of the same name', () => {
    const second = registry.publish(tallyOf(2));
    const other = registry.publish(tallyOf(3), { name: 'other', version: 1, previous: undefined });
    group.sync();
    group.bind(second);
    expect(group.refusalOf(group.bindingEvent(tally))).toEqual({ code: 'module-version-not-rising', version: 2 });
    expect(group.refusalOf(group.bindingEvent(other))).toEqual({ code: 'policy-in-force' });
  });

  test('[PB7] that is the same one changes what it guards, and nothing else', () => {
    const since = group.bind(tally);
    group.record(bob, 5);
    const event = group.bindingEvent(tally, [groupMessage.type]);
    expect(policyCallFor(group.log.state, event, START_MS)).toBeUndefined();
    group.log.appendEvent(alice, event);
    const guards = [groupMessage.type];
    expect(group.log.group.policy).toEqual({ module: tally, guards, since, state: Uint8Array.of(5) });
  });
});

describe('a guard', () => {
  const ofSize = (payloadSize: number): typeof messageBody => ({ ...messageBody, epoch: 0, payloadSize });

  test('[PB8] lets a built-in event through or rejects it, after every other rule', () => {
    group.bind(tally, [groupMessage.type]);
    group.take(bob, group.log.event(bob, groupMessage, ofSize(1)));
    const rejected = group.log.event(bob, groupMessage, ofSize(256));
    expect(group.refusalOf(rejected)).toEqual({ code: 'policy-rejected', reason: TALLY_REASON });
    expect(group.log.refusalOf(rejected)).toEqual({ code: 'policy-undecided' });
    expect(group.refusalOf(group.log.event(carol, groupMessage, ofSize(256)))).toEqual({ code: 'not-permitted' });
    // What is not guarded, it is not asked about.
    group.log.append(alice, roleChanged, { actor: bob.key, role: 'reader' });
  });

  test('[PB9] sees the state and leaves none', () => {
    group.bind(tally, [groupMessage.type]);
    group.record(bob, 5);
    const event = group.log.event(bob, groupMessage, ofSize(1));
    expect(group.verdictOn(event)).toMatchObject({
      call: { isGuarded: true, state: Uint8Array.of(5) },
      outcome: { kind: 'accepted', state: Uint8Array.of(5, 1) },
    });
    group.take(bob, event);
    expect(stateNow()).toEqual([5]);
  });

  test('[PB8] is never on what lets a revoked device stay, or a policy in force', () => {
    for (const { type } of [policyBound, policyRecorded, registrySynced, identitySynced]) {
      expect(group.refusalOf(group.bindingEvent(tally, [type]))).toEqual({
        code: 'unguardable-event-type',
        eventType: type,
      });
    }
    group.bind(tally, [memberAdded.type, memberRemoved.type, roleChanged.type]);
    group.log.append(alice, policyBound, { binding: undefined });
  });
});

test('[PB2, GM42] a group that has ended takes what is new of its registry, and nothing of a policy', () => {
  const ended = new TestPolicyGroup(alice, registry, groupAtRelay(alice, 'mls'));
  const body = { registry: registry.log.chain, facts: factsOf(registry.log) };
  expect(ended.log.codeOf(alice, registrySynced, body)).toBe('mls-not-created');
  ended.log.append(alice, mlsCreated, createdBody);
  ended.sync();
  ended.bind(tally);
  ended.record(alice, 5);
  ended.log.append(alice, mlsReinitialised, { ...reinitBody, epoch: 0 });
  expect(ended.refusalOf(ended.recordEvent(alice, 6))).toMatchObject({ code: 'group-reinitialised' });
  expect(ended.log.codeOf(alice, policyBound, { binding: undefined })).toBe('group-reinitialised');
  registry.revoke(tally);
  ended.sync(relay);
  expect(ended.log.group.registry?.size).toBe(registry.log.size);
});

describe('an audit of a group with a policy', () => {
  const audit = (executor: PolicyExecutor | undefined, pageSize = 3) => {
    const { log } = group;
    const pages = Array.from({ length: Math.ceil(log.size / pageSize) }, (_, i) =>
      log.entries.slice(i * pageSize, (i + 1) * pageSize),
    );
    const subject = { chain: log.chain, batches: pages, checkpoint: () => factsOf(log).checkpoint, executor };
    return auditStateIntegrity(subject, (jobs) => jobs.map(() => true));
  };

  test('[PB12] without an executor ends where the policy first decided, and never well', async () => {
    group.bind(tally);
    const first = group.record(bob, 5);
    group.record(bob, 6);
    expect(await audit(undefined)).toMatchObject({ ok: false, error: { code: 'policies-not-run', index: first } });
  });

  test('[PB12] asks the policy again, as many records a call as there are', async () => {
    group.bind(tally, [groupMessage.type]);
    for (let i = 1; i <= 70; i++) group.record(bob, i);
    group.take(bob, group.log.event(bob, groupMessage, { ...messageBody, epoch: 0, payloadSize: 1 }));
    group.record(bob, 71);
    registry.executor.calls.length = 0;
    const result = await audit(registry.executor, 100);
    expect(registry.executor.calls).toEqual([64, 6, 1, 1]);
    expect(result).toMatchObject({ ok: true, value: { stateDigest: stateDigest(group.log.state) } });
    expect(await audit(registry.executor, 1)).toEqual(result);
  });

  test('[PB12] finds a record that the policy rejects, and says nothing where it can’t be run', async () => {
    group.bind(tally);
    group.record(bob, 5);
    const forged = group.log.force(bob, group.recordEvent(bob, 0));
    expect(await audit(registry.executor)).toMatchObject({
      ok: false,
      error: { code: 'forbidden-entry', rule: 'policy-rejected', index: forged },
    });
    await expect(audit(new TestExecutor())).rejects.toThrow('no such module');
  });
});
