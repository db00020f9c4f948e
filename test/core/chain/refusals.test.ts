import { describe, expect, test } from 'vitest';
import {
  accountNamed,
  identitySynced,
  MAX_ACCOUNTS,
  MAX_FOLLOWED_DEVICES,
  adminsRotated,
  admitGenesis,
  commitReported,
  deviceRenamed,
  deviceRevoked,
  groupMessage,
  isProblemCode,
  MAX_ACTIVE_DEVICES,
  MAX_COMMIT_ADDS,
  MAX_DEVICES,
  MAX_EVENT_BYTES,
  MAX_GROUP_MEMBERS,
  MAX_MODULES,
  MAX_ROSTER,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  mlsProposal,
  mlsReinitialised,
  modulePublished,
  moduleRevoked,
  parseSignedEvent,
  policyBound,
  policyRecorded,
  problemOf,
  recoveryCancelled,
  recoveryCompleted,
  registrySynced,
  roleChanged,
  type AdmissionRefusal,
  type Genesis,
  type ParseRefusal,
} from '../../../core/index.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  hashOf,
  identityGenesis,
  messageBody,
  proposalBody,
  reinitBody,
  reportBody,
} from '../../../scripts/vectors/sample-bodies.ts';
import { additionOf, recoveryOf, recoverySetting } from '../../../scripts/vectors/sample-identity.ts';
import { accountOf, factsOf, groupAtRelay, revoke } from '../../support/account-log.ts';
import { TestPolicyGroup, TestRegistry } from '../../support/policy-log.ts';
import { tallyOf } from '../../support/tally-policy.ts';
import {
  ada,
  ben,
  cleo,
  newRegistry,
  publicationOf,
  registrar,
  registryGenesis,
  revocationOf,
  rootOf,
  rotationOf,
} from '../../../scripts/vectors/sample-registry.ts';
import { actorNamed, LogBuilder, START_MS } from '../../../scripts/vectors/log-builder.ts';

type Refusal = AdmissionRefusal | ParseRefusal;
const [alice, bob, stranger] = [actorNamed('alice'), actorNamed('bob'), actorNamed('stranger')];
const withBob = { actor: bob.key, role: 'member' } as const;

function genesisRefusal(fields: Partial<Genesis>): Refusal | undefined {
  const result = admitGenesis(new LogBuilder(alice).genesisEvent(alice, groupGenesis('plain', fields)));
  return result.ok ? undefined : result.error;
}

function mlsGroup(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  log.append(alice, mlsCommit, commitBody(0, { added: [withBob] }));
  return log;
}

function parseRefusal(bytes: number, signatureBytes: number): Refusal | undefined {
  const parsed = parseSignedEvent(new Uint8Array(bytes), new Uint8Array(signatureBytes));
  return parsed.ok ? undefined : parsed.error;
}

function refusalIn(log: LogBuilder, ...[actor, definition, body, fields]: Parameters<LogBuilder['event']>): unknown {
  return log.refusalOf(log.event(actor, definition, body, fields));
}

/** Those of the log, and so many others. */
function rosterOf(log: LogBuilder, others: number, role: 'none' | 'reader') {
  const rest = Array.from({ length: others }, (_, i) => {
    const actor = Uint8Array.from(alice.key);
    new DataView(actor.buffer).setUint32(0, i);
    return { actor, role, since: 1, until: role === 'none' ? 2 : 0 };
  });
  return [...rest, ...log.group.roster].sort((a, b) => Buffer.compare(a.actor, b.actor));
}

const withPhone = { device: bob, name: 'phone' };

/** An account that so many devices are or were in, and where `stranger` recovers. */
function account({ others = 0, until = 0 } = {}): LogBuilder {
  const log = new LogBuilder(alice, identityGenesis());
  log.appendEvent(alice, recoverySetting(log, alice, stranger, 1));
  const past = Array.from({ length: others }, (_, i) => {
    const actor = Uint8Array.from(alice.key);
    new DataView(actor.buffer).setUint32(0, i);
    return { actor, name: 'x', since: 1, until };
  });
  const devices = [...past, ...log.identity.devices].sort((a, b) => Buffer.compare(a.actor, b.actor));
  log.state = { kind: 'identity', value: { ...log.identity, devices } };
  return log;
}

function recoveringAccount(): LogBuilder {
  const log = account();
  log.appendEvent(stranger, recoveryOf(log, stranger, withPhone));
  return log;
}

function additionRefusal(log: LogBuilder, fields = {}): unknown {
  return log.refusalOf(additionOf(log, alice, withPhone, fields));
}

/** A group that names bob's account. */
function namedAccount() {
  const account = accountOf(bob);
  const log = groupAtRelay(alice);
  log.append(alice, accountNamed, { identity: account.chain, facts: factsOf(account) });
  return { log, account };
}

const x = hashOf('x');

/** The same for registries. */
const registryWays = {
  'registry-not-public': () => registryRefusal(registryGenesis(rootOf([ada, ben]), { visibility: 'private' })),
  'invalid-admin-root': () => registryRefusal(registryGenesis(rootOf([ada, ada]))),
  'wrong-registry': () => ofPublication([ada, ben], { registry: x }),
  'wrong-admin-epoch': () => ofPublication([ada, ben], { adminEpoch: 2 }),
  'root-out-of-order': () => ofRegistry((log) => [adminsRotated, rotationOf(log, [ada, ben], { epoch: 1 })]),
  'root-expired': () => ofRegistry((log) => [adminsRotated, rotationOf(log, [ada, ben], { expiresAt: 0 })]),
  'admin-key-revoked': () => {
    const log = revokedIn({ keys: [cleo.key] });
    return refusalIn(log, registrar, adminsRotated, rotationOf(log, [ada, ben], { keys: [ada.key, cleo.key] }));
  },
  'signer-repeated': () => ofPublication([ada, ada]),
  'signer-unknown': () => ofPublication([ada, stranger]),
  'signer-revoked': () => {
    const log = revokedIn({ keys: [cleo.key] });
    return refusalIn(log, registrar, modulePublished, publicationOf(log, [ada, cleo]));
  },
  'threshold-not-met': () => ofPublication([ada]),
  'admin-signature-invalid': () =>
    ofRegistry((log) => {
      const { signatures } = publicationOf(log, [ada, ben], { fuel: 1 });
      return [modulePublished, { ...publicationOf(log), signatures }];
    }),
  'invalid-module-manifest': () => ofPublication([ada, ben], { name: '' }),
  'unsupported-module-abi': () => ofPublication([ada, ben], { abi: 9 }),
  'module-too-large': () => ofPublication([ada, ben], { size: 524_289 }),
  'module-revoked': () => {
    const log = revokedIn({ modules: [hashOf('ledger 1')] });
    return refusalIn(log, registrar, modulePublished, publicationOf(log));
  },
  'module-already-published': () => ofNextPublication({}),
  'module-version-not-rising': () => ofNextPublication({ hash: x }),
  'wrong-previous-version': () => ofNextPublication({ hash: x, version: 2 }),
  'module-not-yet-valid': () => ofPublication([ada, ben], { notBefore: START_MS + 1 }),
  'module-expired': () => ofPublication([ada, ben], { expiresAt: START_MS }),
  'nothing-revoked': () => ofRegistry((log) => [moduleRevoked, revocationOf(log, [ada, ben])]),
  'already-revoked': () => ofRegistry((log) => [moduleRevoked, revocationOf(log, [ada, ben], { modules: [x, x] })]),
  'too-few-admins': () =>
    ofRegistry((log) => [moduleRevoked, revocationOf(log, [ada, ben], { keys: [ada.key, ben.key] })]),
  'registry-full': () => {
    const log = newRegistry();
    const { manifest } = publicationOf(log, [], { name: 'other' });
    const modules = Array.from({ length: MAX_MODULES }, () => ({ manifest, index: 1 }));
    log.state = { kind: 'registry', value: { ...log.registry, modules } };
    return refusalIn(log, registrar, modulePublished, publicationOf(log, [ada, ben], { hash: x }));
  },
} satisfies Partial<Record<Refusal['code'], () => unknown>>;

function registryRefusal(genesis: Genesis): Refusal | undefined {
  const result = admitGenesis(new LogBuilder(alice).genesisEvent(alice, genesis));
  return result.ok ? undefined : result.error;
}

function ofRegistry(
  attempt: (log: LogBuilder) => readonly [Parameters<LogBuilder['event']>[1], Parameters<LogBuilder['event']>[2]],
): unknown {
  const log = newRegistry();
  return refusalIn(log, registrar, ...attempt(log));
}

function ofPublication(
  ...[signers, fields]: [Parameters<typeof publicationOf>[1], Parameters<typeof publicationOf>[2]?]
) {
  return ofRegistry((log) => [modulePublished, publicationOf(log, signers, fields)]);
}

function ofNextPublication(fields: Parameters<typeof publicationOf>[2]): unknown {
  const log = newRegistry();
  log.append(registrar, modulePublished, publicationOf(log));
  return refusalIn(log, registrar, modulePublished, publicationOf(log, [ada, ben], fields));
}

function revokedIn(fields: Parameters<typeof revocationOf>[2]): LogBuilder {
  const log = newRegistry();
  log.append(registrar, moduleRevoked, revocationOf(log, [ada, ben], fields));
  return log;
}

const [tally, other, later] = [tallyOf(1), tallyOf(2), tallyOf(3, 'rejects')];

/** A group of Alice's with a policy in force, which another module of the registry may follow. */
function policyGroup(): {
  group: TestPolicyGroup;
  registry: TestRegistry;
  modules: Record<'tally' | 'other', Uint8Array>;
} {
  const registry = new TestRegistry();
  const modules = {
    tally: registry.publish(tally),
    other: registry.publish(other, { name: 'other', previous: undefined }),
  };
  const group = new TestPolicyGroup(alice, registry);
  group.sync();
  group.bind(modules.tally);
  return { group, registry, modules };
}

/** The same for policies. */
const policyWays = {
  'foreign-registry': () => {
    const { log } = new TestRegistry();
    const group = groupAtRelay(alice, 'plain', { relayName: 'other.example' });
    return refusalIn(group, alice, registrySynced, { registry: log.chain, facts: factsOf(log) });
  },
  'registry-not-followed': (log) =>
    refusalIn(log, alice, policyBound, { binding: { registry: x, module: x, guards: [] } }),
  'module-not-published': () => {
    const { group } = policyGroup();
    return group.refusalOf(group.bindingEvent(x));
  },
  'unguardable-event-type': () => {
    const { group, modules } = policyGroup();
    return group.refusalOf(group.bindingEvent(modules.tally, [policyBound.type]));
  },
  'policy-in-force': () => {
    const { group, modules } = policyGroup();
    return group.refusalOf(group.bindingEvent(modules.other));
  },
  'no-policy': (log) => refusalIn(log, alice, policyRecorded, { content: new Uint8Array() }),
  'policy-undecided': () => {
    const { group } = policyGroup();
    return group.log.refusalOf(group.recordEvent(alice, 1));
  },
  'policy-rejected': () => {
    const { group } = policyGroup();
    return group.refusalOf(group.recordEvent(alice, 0));
  },
  'policy-stopped': () => {
    const { group } = policyGroup();
    return group.refusalOf(group.recordEvent(alice, 255));
  },
  'policy-migration-failed': () => {
    const { group, registry } = policyGroup();
    const next = registry.publish(later, { version: 7 });
    group.sync();
    return group.refusalOf(group.bindingEvent(next));
  },
} satisfies Partial<Record<Refusal['code'], (log: LogBuilder) => unknown>>;

/** One way to each refusal. The type makes it a compile error to add a code and no way to it. */
const ways: Record<Refusal['code'], (log: LogBuilder) => unknown> = {
  'event-too-large': () => parseRefusal(MAX_EVENT_BYTES + 1, 64),
  'malformed-signature': () => parseRefusal(200, 63),
  malformed: (log) => log.refusalOf(log.rawEvent(alice, groupMessage.type, new Uint8Array(3))),
  'wrong-chain': (log) => {
    const genesis = admitGenesis({ ...log.genesisEvent(alice, groupGenesis()), chain: log.chain });
    return genesis.ok ? undefined : genesis.error;
  },
  'unknown-event-type': (log) => log.refusalOf(log.rawEvent(alice, 0x02ff, new Uint8Array())),
  'retention-out-of-range': () => genesisRefusal({ retentionMs: 0 }),
  'invalid-relay-name': () => genesisRefusal({ relayName: '' }),
  'invalid-successor-rule': () => genesisRefusal({ successor: { actors: [], threshold: 0 } }),
  'not-permitted': (log) => refusalIn(log, stranger, groupMessage, messageBody),
  'actor-removed': (log) => {
    log.append(alice, memberAdded, withBob);
    log.append(alice, memberRemoved, { actor: bob.key });
    return refusalIn(log, bob, groupMessage, messageBody);
  },
  'clock-skew': (log) => refusalIn(log, alice, groupMessage, messageBody, { actorTime: 0 }),
  'unknown-parent': (log) => refusalIn(log, alice, groupMessage, messageBody, { seenIndex: 1 }),
  'stale-parent': (log) => {
    log.append(alice, memberAdded, withBob);
    return refusalIn(log, alice, memberRemoved, { actor: bob.key }, { seenIndex: 0 });
  },
  'seen-too-old': (log) => {
    log.append(alice, memberAdded, withBob);
    return refusalIn(log, bob, groupMessage, messageBody, { seenIndex: 0 });
  },
  'wrong-membership': () => refusalIn(mlsGroup(), alice, memberAdded, withBob),
  'already-member': (log) => refusalIn(log, alice, memberAdded, { actor: alice.key, role: 'reader' }),
  'no-such-member': (log) => refusalIn(log, alice, roleChanged, withBob),
  'last-owner': (log) => refusalIn(log, alice, memberRemoved, { actor: alice.key }),
  'roster-full': (log) => {
    log.state = { kind: 'group', value: { ...log.group, roster: rosterOf(log, MAX_ROSTER - 1, 'none') } };
    return refusalIn(log, alice, memberAdded, withBob);
  },
  'group-full': () => {
    const log = mlsGroup();
    log.state = { kind: 'group', value: { ...log.group, roster: rosterOf(log, MAX_GROUP_MEMBERS - 2, 'reader') } };
    return refusalIn(log, alice, mlsCommit, commitBody(1, { added: [{ actor: stranger.key, role: 'reader' }] }));
  },
  'too-many-adds': () => {
    const added = Array.from({ length: MAX_COMMIT_ADDS + 1 }, () => ({ actor: stranger.key, role: 'reader' }) as const);
    return refusalIn(mlsGroup(), alice, mlsCommit, commitBody(1, { added }));
  },
  'already-created': () => refusalIn(mlsGroup(), alice, mlsCreated, createdBody),
  'unsupported-ciphersuite': () =>
    refusalIn(new LogBuilder(alice, groupGenesis('mls')), alice, mlsCreated, { ...createdBody, ciphersuite: 7 }),
  'mls-not-created': () => refusalIn(new LogBuilder(alice, groupGenesis('mls')), alice, groupMessage, messageBody),
  'welcome-mismatch': () => {
    const body = commitBody(1, { added: [{ actor: stranger.key, role: 'reader' }] });
    return refusalIn(mlsGroup(), alice, mlsCommit, { ...body, welcomeRefs: [] });
  },
  'opaque-handshakes': () => {
    const log = new LogBuilder(alice, groupGenesis('mls', {}, 'opaque'));
    log.append(alice, mlsCreated, createdBody);
    return refusalIn(log, alice, mlsProposal, proposalBody(0, 'other'));
  },
  'future-epoch': () => refusalIn(mlsGroup(), alice, groupMessage, { ...messageBody, epoch: 2 }),
  'epoch-closed': () => {
    const log = mlsGroup();
    log.append(alice, mlsCommit, commitBody(1, { removed: [bob.key] }));
    return refusalIn(log, alice, groupMessage, { ...messageBody, epoch: 1 });
  },
  'group-reinitialised': () => {
    const log = mlsGroup();
    log.append(alice, mlsReinitialised, reinitBody);
    return refusalIn(log, bob, groupMessage, messageBody);
  },
  'no-such-commit': () => refusalIn(mlsGroup(), bob, commitReported, { ...reportBody, index: 1 }),
  'own-commit': () => refusalIn(mlsGroup(), alice, commitReported, reportBody),
  'already-reported': () => {
    const log = mlsGroup();
    log.append(bob, commitReported, reportBody);
    return refusalIn(log, bob, commitReported, reportBody);
  },
  'account-named': () => {
    const { log, account } = namedAccount();
    return refusalIn(log, alice, accountNamed, { identity: account.chain, facts: factsOf(account) });
  },
  'no-such-account': (log) =>
    refusalIn(log, alice, identitySynced, { identity: log.chain, facts: factsOf(accountOf(bob)) }),
  'foreign-account': () => {
    const account = accountOf(bob);
    const log = groupAtRelay(alice, 'plain', { relayName: 'other.example' });
    return refusalIn(log, alice, accountNamed, { identity: account.chain, facts: factsOf(account) });
  },
  'too-many-accounts': () => {
    const { log } = namedAccount();
    const accounts = Array.from({ length: MAX_ACCOUNTS }, () => log.group.accounts[0]!);
    log.state = { kind: 'group', value: { ...log.group, accounts } };
    const account = accountOf(alice);
    return refusalIn(log, alice, accountNamed, { identity: account.chain, facts: factsOf(account) });
  },
  'account-too-large': () => {
    const { log, account } = namedAccount();
    account.append(bob, deviceRenamed, { device: bob.key, name: 'phone' });
    const [known] = log.group.accounts;
    const others = Array.from({ length: MAX_FOLLOWED_DEVICES }, (_, i) => ({
      ...known!.state.devices[0]!,
      actor: hashOf(`${i}`),
    }));
    const devices = [...known!.state.devices, ...others].sort((a, b) => Buffer.compare(a.actor, b.actor));
    const accounts = [{ ...known!, state: { ...known!.state, devices } }];
    log.state = { kind: 'group', value: { ...log.group, accounts } };
    return refusalIn(log, alice, identitySynced, { identity: account.chain, facts: factsOf(account, { from: 1 }) });
  },
  'facts-invalid': () => {
    const account = accountOf(bob);
    const facts = { ...factsOf(account), checkpoint: '' };
    return refusalIn(groupAtRelay(alice), alice, accountNamed, { identity: account.chain, facts });
  },
  'facts-old': () => {
    const { log, account } = namedAccount();
    return refusalIn(log, alice, identitySynced, { identity: account.chain, facts: factsOf(account) });
  },
  'device-revoked': () => {
    const account = accountOf(bob, stranger);
    revoke(account, bob, stranger);
    const log = groupAtRelay(alice);
    log.append(alice, accountNamed, { identity: account.chain, facts: factsOf(account) });
    return refusalIn(log, alice, memberAdded, { actor: stranger.key, role: 'member' });
  },
  'wrong-epoch': () => refusalIn(mlsGroup(), alice, mlsCommit, commitBody(0)),
  'invalid-device-name': () => refusalIn(account(), alice, deviceRenamed, { device: alice.key, name: '' }),
  'key-in-use': () => {
    const log = account();
    return log.refusalOf(additionOf(log, alice, { device: alice, name: 'again' }));
  },
  'too-many-devices': () => additionRefusal(account({ others: MAX_ACTIVE_DEVICES })),
  'device-list-full': () => additionRefusal(account({ others: MAX_DEVICES - 1, until: 1 })),
  'invalid-proof': () => additionRefusal(account(), { eventId: new Uint8Array(16) }),
  'no-such-device': () => refusalIn(account(), alice, deviceRevoked, { device: bob.key, reason: 'other' }),
  'last-device': () =>
    refusalIn(new LogBuilder(alice, identityGenesis()), alice, deviceRevoked, { device: alice.key, reason: 'other' }),
  'waiting-too-long': () => {
    const log = account();
    return log.refusalOf(recoverySetting(log, alice, bob, Number.MAX_SAFE_INTEGER));
  },
  'recovery-pending': () => {
    const log = recoveringAccount();
    return log.refusalOf(recoveryOf(log, stranger, withPhone));
  },
  'no-such-recovery': () => refusalIn(account(), alice, recoveryCancelled, { index: 1 }),
  'recovery-waiting': () => refusalIn(recoveringAccount(), bob, recoveryCompleted, { index: 2 }),
  ...registryWays,
  ...policyWays,
};

describe('every refusal of core', () => {
  test.each(Object.entries(ways))('[PR1] %s is reached, and is a problem that can cross the wire', (code, way) => {
    const refusal = way(new LogBuilder(alice)) as Refusal | undefined;
    expect(refusal?.code).toBe(code);
    expect(isProblemCode(code)).toBe(true);
    expect(problemOf(refusal!)).toMatchObject({ code, type: `/docs#${code}` });
  });

  test('leaves the state as it was', () => {
    const log = new LogBuilder(alice, identityGenesis());
    const before = structuredClone(log.state);
    expect(refusalIn(log, stranger, groupMessage, messageBody)).toEqual({ code: 'not-permitted' });
    expect(log.state).toEqual(before);
  });
});
