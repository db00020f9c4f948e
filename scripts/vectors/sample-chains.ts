import {
  defineEvent,
  groupMessage,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  roleChanged,
  text,
} from '../../core/index.ts';
import { actorNamed, LogBuilder } from './log-builder.ts';
import { commitBody, createdBody, groupGenesis, identityGenesis, messageBody } from './sample-bodies.ts';

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
};

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
