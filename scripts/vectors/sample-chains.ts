import {
  adminsRotated,
  defineEvent,
  deviceRenamed,
  deviceRevoked,
  groupMessage,
  HOUR_MS,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  modulePublished,
  moduleRevoked,
  recoveryCancelled,
  recoveryCompleted,
  roleChanged,
  text,
} from '../../core/index.ts';
import { actorNamed, LogBuilder } from './log-builder.ts';
import { commitBody, createdBody, groupGenesis, hashOf, identityGenesis, messageBody } from './sample-bodies.ts';
import { additionOf, recoveryOf, recoverySetting } from './sample-identity.ts';
import {
  ada,
  ben,
  cleo,
  dora,
  newRegistry,
  publicationOf,
  registrar,
  revocationOf,
  rotationOf,
} from './sample-registry.ts';

export const [alice, bob, carol, mallory] = ['alice', 'bob', 'carol', 'mallory'].map(actorNamed) as [
  Actor,
  Actor,
  Actor,
  Actor,
];
type Actor = ReturnType<typeof actorNamed>;

/** Stands for an application's own events. */
export const noted = defineEvent({ type: 0x8001, name: 'sample.noted', body: text(100) });
export const closed = defineEvent({ type: 0xc001, name: 'sample.closed', body: text(100) });

/** The chains that the vectors are about: each of every kind and membership, with each event type somewhere. */
export const sampleChains: Readonly<Record<string, () => LogBuilder>> = {
  plain: plainGroup,
  mls: mlsGroup,
  'mls-not-created': () => new LogBuilder(alice, groupGenesis('mls'), { isSigned: true }),
  identity: () => new LogBuilder(alice, identityGenesis(), { isSigned: true }),
  account,
  registry,
};

/** Alice's three devices, a key on paper, and what it was used for. */
export const [phone, tablet, laptop, paper] = ['phone', 'tablet', 'laptop', 'paper'].map(actorNamed) as [
  Actor,
  Actor,
  Actor,
  Actor,
];

function account(): LogBuilder {
  const log = new LogBuilder(alice, identityGenesis(), { isSigned: true });
  log.appendEvent(alice, additionOf(log, alice, { device: phone, name: 'phone' }));
  log.appendEvent(phone, additionOf(log, phone, { device: tablet, name: 'tablet' }));
  log.append(phone, deviceRenamed, { device: alice.key, name: 'desk' });
  log.append(alice, deviceRevoked, { device: tablet.key, reason: 'lost' });
  log.appendEvent(alice, recoverySetting(log, alice, paper, HOUR_MS));
  log.time += 1000;
  log.append(phone, recoveryCancelled, {
    index: log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' })),
  });
  const again = log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
  log.time += HOUR_MS;
  log.append(laptop, recoveryCompleted, { index: again });
  return log;
}

/** Two modules, of which one is taken back, and another root between them. */
function registry(): LogBuilder {
  const log = newRegistry();
  log.append(registrar, modulePublished, publicationOf(log));
  log.time += 1000;
  log.append(ada, adminsRotated, rotationOf(log, [ada, cleo, dora]));
  const second = { version: 2, previous: hashOf('ledger 1'), hash: hashOf('ledger 2'), adminEpoch: 2 };
  log.append(registrar, modulePublished, publicationOf(log, [ben, dora], second));
  const revoked = { adminEpoch: 2, modules: [hashOf('ledger 1')], keys: [cleo.key] };
  log.append(dora, moduleRevoked, revocationOf(log, [ada, dora], revoked));
  return log;
}

function plainGroup(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis(), { isSigned: true });
  log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  log.append(alice, memberAdded, { actor: carol.key, role: 'reader' });
  log.time += 1000;
  log.append(bob, groupMessage, messageBody);
  log.append(bob, noted, 'tea', { seenIndex: 2 });
  log.append(alice, roleChanged, { actor: bob.key, role: 'admin' });
  log.append(bob, closed, 'kitchen');
  log.time += 1000;
  log.append(alice, memberRemoved, { actor: carol.key });
  return log;
}

function mlsGroup(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls', { visibility: 'public' }), { isSigned: true });
  log.append(alice, mlsCreated, createdBody);
  const added = [bob, carol].map(({ key }) => ({ actor: key, role: 'member' as const }));
  log.append(alice, mlsCommit, commitBody(0, { added }));
  log.time += 1000;
  log.append(bob, groupMessage, { ...messageBody, epoch: 1 });
  log.append(bob, mlsCommit, commitBody(1));
  log.append(carol, groupMessage, { ...messageBody, epoch: 1 });
  log.append(alice, mlsCommit, commitBody(2, { removed: [carol.key] }));
  return log;
}
