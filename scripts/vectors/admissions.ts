import {
  admitEvent,
  adminsRotated,
  admitGenesis,
  deviceRenamed,
  deviceRevoked,
  encode,
  eventTbs,
  groupMessage,
  MAX_SEEN_AGE_MS,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  modulePublished,
  moduleRevoked,
  recoveryCompleted,
  recoverySet,
  roleChanged,
  stateDigest,
  toHex,
  type Event,
  type Genesis,
} from '../../core/index.ts';
import { LogBuilder, START_MS } from './log-builder.ts';
import { commitBody, createdBody, groupGenesis, hashOf, messageBody } from './sample-bodies.ts';
import {
  alice,
  bob,
  carol,
  closed,
  laptop,
  mallory,
  noted,
  paper,
  phone,
  sampleChains,
  tablet,
} from './sample-chains.ts';
import { additionOf, recoveryOf, recoverySetting } from './sample-identity.ts';
import { ada, ben, cleo, dora, publicationOf, registrar, revocationOf, rotationOf } from './sample-registry.ts';

/**
 * One event at the end of a sample chain, at a time of the relay: admitted with the digest of the next
 * state, or refused. `chain` is empty where the event would found one. Signatures are not looked at here.
 */
export interface AdmissionVector {
  readonly name: string;
  readonly chain: string;
  readonly event: string;
  readonly relayTime: number;
  readonly outcome: string;
  readonly stateDigest?: string;
}

interface Attempt {
  readonly name: string;
  readonly event: (log: LogBuilder) => Event;
  /** Milliseconds that pass before it. */
  readonly later?: number;
}

const DAY_MS = MAX_SEEN_AGE_MS;

function is(name: string, event: (log: LogBuilder) => Event, later = 0): Attempt {
  return { name, event, later };
}

const onPlain: readonly Attempt[] = [
  is('a message', (log) => log.event(bob, groupMessage, messageBody)),
  is('a message by who was removed', (log) => log.event(carol, groupMessage, messageBody)),
  is('a message by a stranger', (log) => log.event(mallory, groupMessage, messageBody)),
  is('a message of an epoch that a plain group has not', (log) =>
    log.event(bob, groupMessage, { ...messageBody, epoch: 1 }),
  ),
  is('a body that does not parse', (log) => log.rawEvent(bob, groupMessage.type, new Uint8Array(1))),
  is('a type that is none', (log) => log.rawEvent(bob, 0x7fff, new Uint8Array())),
  is('a second genesis', (log) => log.rawEvent(alice, 1, log.genesisEvent(alice, groupGenesis()).body)),
  is('a second genesis by a stranger', (log) =>
    log.rawEvent(mallory, 1, log.genesisEvent(mallory, groupGenesis()).body),
  ),
  is('a clock five minutes off', (log) => log.event(bob, noted, 'x', { actorTime: log.time - 300_000 })),
  is('a clock further off', (log) => log.event(bob, noted, 'x', { actorTime: log.time - 300_001 })),
  is('an index that is not there', (log) => log.event(bob, noted, 'x', { seenIndex: log.size })),
  is('a hash that is not there', (log) => log.event(bob, noted, 'x', { seenHash: new Uint8Array(32) })),
  is('an observed event over the last strict one', (log) => log.event(bob, noted, 'x', { seenIndex: 4 })),
  is('a strict event over the last strict one', (log) => log.event(bob, closed, 'x', { seenIndex: 6 })),
  is('an observed event of a day later', (log) => log.event(bob, noted, 'x', { seenIndex: 6 }), DAY_MS),
  is('an observed event of more than a day later', (log) => log.event(bob, noted, 'x', { seenIndex: 6 }), DAY_MS + 1),
  is('a strict event of a year later', (log) => log.event(bob, closed, 'x'), 365 * DAY_MS),
  is('seen before the actor came', (log) => log.event(bob, noted, 'x', { seenIndex: 0 })),
  is('a member added', (log) => log.event(bob, memberAdded, { actor: mallory.key, role: 'member' })),
  is('a member let in again', (log) => log.event(bob, memberAdded, { actor: carol.key, role: 'reader' })),
  is('an admin added by an admin', (log) => log.event(bob, memberAdded, { actor: mallory.key, role: 'admin' })),
  is('a member added twice', (log) => log.event(alice, memberAdded, { actor: bob.key, role: 'reader' })),
  is('nobody removed', (log) => log.event(alice, memberRemoved, { actor: carol.key })),
  is('the owner removed by an admin', (log) => log.event(bob, memberRemoved, { actor: alice.key })),
  is('the last owner leaves', (log) => log.event(alice, memberRemoved, { actor: alice.key })),
  is('the last owner steps down', (log) => log.event(alice, roleChanged, { actor: alice.key, role: 'admin' })),
  is('an admin leaves', (log) => log.event(bob, memberRemoved, { actor: bob.key })),
  is('an admin steps down', (log) => log.event(bob, roleChanged, { actor: bob.key, role: 'reader' })),
  is('an admin makes itself owner', (log) => log.event(bob, roleChanged, { actor: bob.key, role: 'owner' })),
  is('a commit without MLS', (log) => log.event(alice, mlsCommit, commitBody(0))),
  is('a stranger with every fault', (log) =>
    log.event(mallory, mlsCreated, createdBody, { actorTime: 0, seenIndex: 99 }),
  ),
];

const onMls: readonly Attempt[] = [
  is('a commit', (log) => log.event(bob, mlsCommit, commitBody(3))),
  is('a commit of a past epoch', (log) => log.event(bob, mlsCommit, commitBody(2))),
  is('a commit of a later epoch', (log) => log.event(bob, mlsCommit, commitBody(4))),
  is('a commit that adds, by a member', (log) =>
    log.event(bob, mlsCommit, commitBody(3, { added: [{ actor: mallory.key, role: 'reader' }] })),
  ),
  is('a commit that removes its author', (log) => log.event(alice, mlsCommit, commitBody(3, { removed: [alice.key] }))),
  is('a commit without the Welcome', (log) =>
    log.event(alice, mlsCommit, {
      ...commitBody(3, { added: [{ actor: mallory.key, role: 'reader' }] }),
      welcomeRefs: [],
    }),
  ),
  is('a commit that takes out and in', (log) =>
    log.event(alice, mlsCommit, commitBody(3, { added: [{ actor: bob.key, role: 'reader' }], removed: [bob.key] })),
  ),
  is('a second creation', (log) => log.event(alice, mlsCreated, createdBody)),
  is('a member added without a commit', (log) => log.event(alice, memberAdded, { actor: mallory.key, role: 'member' })),
  is('a role changed', (log) => log.event(alice, roleChanged, { actor: bob.key, role: 'owner' })),
  is('a message of the current epoch', (log) => log.event(bob, groupMessage, { ...messageBody, epoch: 3 })),
  is('a message of a closed epoch', (log) => log.event(bob, groupMessage, { ...messageBody, epoch: 2 })),
  is('a message of a later epoch', (log) => log.event(bob, groupMessage, { ...messageBody, epoch: 4 })),
];

const onNewMls: readonly Attempt[] = [
  is('the creation', (log) => log.event(alice, mlsCreated, createdBody)),
  is('a creation by another', (log) => log.event(bob, mlsCreated, createdBody)),
  is('a creation with another suite', (log) => log.event(alice, mlsCreated, { ...createdBody, ciphersuite: 4 })),
  is('a message before the creation', (log) => log.event(alice, groupMessage, messageBody)),
  is('a note before the creation', (log) => log.event(alice, noted, 'x')),
];

const onIdentity: readonly Attempt[] = [
  is('an event of a group by the device', (log) => log.event(alice, groupMessage, messageBody)),
  is('an event of a group by another', (log) => log.event(bob, groupMessage, messageBody)),
  is('an event of an application', (log) => log.event(alice, noted, 'x')),
];

const car = { device: bob, name: 'car' };

const onAccount: readonly Attempt[] = [
  is('a device added', (log) => additionOf(log, laptop, car)),
  is('a device added by a stranger', (log) => additionOf(log, mallory, car)),
  is('a device added by a revoked one', (log) => additionOf(log, tablet, car)),
  is('a device added by the recovery key', (log) => additionOf(log, paper, car)),
  is('a revoked device added again', (log) => additionOf(log, alice, { device: tablet, name: 'tablet' })),
  is('the recovery key added as a device', (log) => additionOf(log, alice, { device: paper, name: 'paper' })),
  is('a device without a name', (log) => additionOf(log, alice, { ...car, name: ' ' })),
  is('a device with a name that moves the cursor', (log) => additionOf(log, alice, { ...car, name: '\u001b[A' })),
  is('a proof for another event', (log) => additionOf(log, alice, car, { eventId: new Uint8Array(16) })),
  is('a device revoked', (log) => log.event(phone, deviceRevoked, { device: alice.key, reason: 'compromised' })),
  is('a device that revokes itself', (log) =>
    log.event(phone, deviceRevoked, { device: phone.key, reason: 'retired' }),
  ),
  is('a device revoked twice', (log) => log.event(phone, deviceRevoked, { device: tablet.key, reason: 'other' })),
  is('a revoked device renamed', (log) => log.event(phone, deviceRenamed, { device: tablet.key, name: 'x' })),
  is('the recovery key replaced', (log) => recoverySetting(log, phone, bob, 0)),
  is('the recovery key taken away', (log) => log.event(phone, recoverySet, { recovery: undefined })),
  is('a recovery key that is a device', (log) => recoverySetting(log, phone, alice, 0)),
  is('a wait without end', (log) => recoverySetting(log, phone, bob, 90 * DAY_MS + 1)),
  is('a recovery begun', (log) => recoveryOf(log, paper, car)),
  is('a recovery begun by a device', (log) => recoveryOf(log, phone, car)),
  is('a recovery completed twice', (log) => log.event(laptop, recoveryCompleted, { index: 8 })),
  is('a message', (log) => log.event(phone, groupMessage, messageBody)),
  is('a message by a revoked device', (log) => log.event(tablet, groupMessage, messageBody)),
];

const third = { version: 3, previous: hashOf('ledger 2'), hash: hashOf('ledger 3'), adminEpoch: 2 };

const onRegistry: readonly Attempt[] = [
  is('a next version', (log) => log.event(registrar, modulePublished, publicationOf(log, [ben, dora], third))),
  is('a next version by a stranger', (log) =>
    log.event(mallory, modulePublished, publicationOf(log, [ben, dora], third)),
  ),
  is('a next version by one admin', (log) => log.event(ada, modulePublished, publicationOf(log, [ada], third))),
  is('a next version by one admin, twice', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ada, ada], third)),
  ),
  is('a next version by who is no admin any more', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ada, cleo], third)),
  ),
  is('a next version that another key signed', (log) => {
    const { manifest, signatures } = publicationOf(log, [ben, mallory], third);
    const forged = signatures.map(({ signature }, i) => ({ key: i === 0 ? ben.key : dora.key, signature }));
    return log.event(ada, modulePublished, { manifest, signatures: forged });
  }),
  is('a next version of the first epoch', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ben, dora], { ...third, adminEpoch: 1 })),
  ),
  is('a version that was there', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ben, dora], { ...third, version: 2 })),
  ),
  is('a version after another than the newest', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ben, dora], { ...third, previous: hashOf('ledger 1') })),
  ),
  is('a module that was revoked', (log) =>
    log.event(ada, modulePublished, publicationOf(log, [ben, dora], { ...third, hash: hashOf('ledger 1') })),
  ),
  is(
    'a module whose time is over',
    (log) => log.event(ada, modulePublished, publicationOf(log, [ben, dora], third)),
    366 * DAY_MS,
  ),
  is('the first root again', (log) => log.event(ada, adminsRotated, rotationOf(log, [ada, ben], { epoch: 1 }))),
  is('a root with a revoked key', (log) =>
    log.event(ada, adminsRotated, rotationOf(log, [ada, ben], { epoch: 3, keys: [ada.key, cleo.key] })),
  ),
  is('a next root', (log) => log.event(ada, adminsRotated, rotationOf(log, [ada, ben], { epoch: 3 }))),
  is('too many admins revoked', (log) =>
    log.event(ada, moduleRevoked, revocationOf(log, [ada, ben], { adminEpoch: 2, keys: [ada.key, ben.key] })),
  ),
  is('a module revoked twice', (log) =>
    log.event(ada, moduleRevoked, revocationOf(log, [ada, ben], { adminEpoch: 2, modules: [hashOf('ledger 1')] })),
  ),
  is('an event of an application in a registry', (log) => log.event(registrar, noted, 'x')),
];

export function admissionVectors(): readonly AdmissionVector[] {
  return [
    ...genesisAttempts().map(([name, event]) => decideGenesis(name, event)),
    ...decideAll('plain', onPlain),
    ...decideAll('mls', onMls),
    ...decideAll('mls-not-created', onNewMls),
    ...decideAll('identity', onIdentity),
    ...decideAll('account', onAccount),
    ...decideAll('registry', onRegistry),
  ];
}

function genesisAttempts(): readonly (readonly [string, Event])[] {
  const log = new LogBuilder(alice);
  const genesis = (fields: Partial<Genesis> = {}) => log.genesisEvent(alice, groupGenesis('plain', fields));
  return [
    ['a genesis', genesis()],
    ['a genesis for a chain', { ...genesis(), chain: log.chain }],
    ['a message where nothing is', { ...log.event(alice, groupMessage, messageBody), chain: new Uint8Array() }],
    ['a genesis that has seen something', { ...genesis(), seenIndex: 1 }],
    ['a genesis of yesterday', { ...genesis(), actorTime: START_MS - DAY_MS }],
    ['retention without end', genesis({ retentionMs: 2 ** 53 - 1 })],
    ['a relay name with a plus sign', genesis({ relayName: 'relay+example' })],
    ['one successor named twice', genesis({ successor: { actors: [bob.key, bob.key], threshold: 2 } })],
    ['no successor', genesis({ successor: { actors: [], threshold: 0 } })],
  ];
}

function decideGenesis(name: string, event: Event): AdmissionVector {
  const state = admitGenesis(event, START_MS);
  const shown = { name, chain: '', event: toHex(encode(eventTbs, event)), relayTime: START_MS };
  if (!state.ok) return { ...shown, outcome: state.error.code };
  return { ...shown, outcome: 'admitted', stateDigest: toHex(stateDigest(state.value)) };
}

function decideAll(chain: string, attempts: readonly Attempt[]): readonly AdmissionVector[] {
  return attempts.map((attempt) => {
    const log = sampleChains[chain]?.();
    if (log === undefined) throw new Error(`no sample chain is called ${chain}`);
    log.time += attempt.later ?? 0;
    return decide(chain, log, attempt);
  });
}

function decide(chain: string, log: LogBuilder, attempt: Attempt): AdmissionVector {
  const event = attempt.event(log);
  const admission = admitEvent(log.view, event, log.time, { clock: log.time });
  const where = {
    name: attempt.name,
    chain,
    size: log.size,
    event: toHex(encode(eventTbs, event)),
    relayTime: log.time,
  };
  if (!admission.ok) return { ...where, outcome: admission.error.code };
  return { ...where, outcome: 'admitted', stateDigest: toHex(stateDigest(admission.value.state)) };
}
