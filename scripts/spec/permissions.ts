import {
  commitReported,
  groupMessage,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  mlsProposal,
  mlsReinitialised,
  predecessorNamed,
  roleChanged,
  type Event,
} from '../../core/index.ts';
import { transition } from '../../core/state/index.ts';
import { actorNamed, LogBuilder } from '../vectors/log-builder.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  messageBody,
  proposalBody,
  reinitBody,
  reportBody,
} from '../vectors/sample-bodies.ts';
import { markdownTable } from './markdown-table.ts';

const ROLES = ['reader', 'member', 'admin', 'owner'] as const;
type Role = (typeof ROLES)[number];

const founder = actorNamed('founder');
const newcomer = actorNamed('newcomer').key;
const of = (role: Role) => actorNamed(`an ${role}`);
const another = (role: Role) => actorNamed(`another ${role}`).key;

/** What someone of a role may try, and the event that they would sign for it. */
type Attempt = readonly [what: string, event: (log: LogBuilder, by: Role) => Event];

const attempts: readonly Attempt[] = [
  ['send a message or an event of an application', (log, by) => log.event(of(by), groupMessage, messageBody)],
  ['rotate keys by a commit that changes nobody', (log, by) => log.event(of(by), mlsCommit, commitBody(0))],
  ['report a commit of another', (log, by) => log.event(of(by), commitReported, reportBody)],
  ['leave (plain groups)', (log, by) => log.event(of(by), memberRemoved, { actor: of(by).key })],
  ['ask to leave (MLS groups)', (log, by) => log.event(of(by), mlsProposal, proposalBody(0, 'leave'))],
  [
    'propose to remove a revoked device (the relay alone, `NA16`)',
    (log, by) => log.event(of(by), mlsProposal, proposalBody(0, 'revoked')),
  ],
  ['make another MLS proposal', (log, by) => log.event(of(by), mlsProposal, proposalBody(0, 'other'))],
  ...ROLES.map((role): Attempt => [
    `add as ${role}`,
    (log, by) => log.event(of(by), memberAdded, { actor: newcomer, role }),
  ]),
  ...ROLES.map((role): Attempt => [
    `remove another ${role}`,
    (log, by) => log.event(of(by), memberRemoved, { actor: another(role) }),
  ]),
  ['move others between reader and member', (log, by) => changeRole(log, by, another('reader'), 'member')],
  ['make a member admin', (log, by) => changeRole(log, by, another('member'), 'admin')],
  ['make an admin member', (log, by) => changeRole(log, by, another('admin'), 'member')],
  ['make or unmake an owner', (log, by) => changeRole(log, by, another('admin'), 'owner')],
  ['step down', (log, by) => changeRole(log, by, of(by).key, 'reader')],
  ['create the MLS group (its founder)', (log, by) => log.event(of(by), mlsCreated, createdBody)],
  ['end an MLS group and name the one that goes on', (log, by) => log.event(of(by), mlsReinitialised, reinitBody)],
  [
    'say which group goes on in this one',
    (log, by) => log.event(of(by), predecessorNamed, { chain: reinitBody.successor }),
  ],
];

function changeRole(log: LogBuilder, by: Role, actor: Uint8Array, role: Role): Event {
  return log.event(of(by), roleChanged, { actor, role });
}

/** Roles against what they may do, found out by asking the rules themselves. */
export function permissionTable(): string {
  const log = groupOfAll();
  const rows = attempts.map(([what, event]) => [
    what,
    ...ROLES.map((role) => (mayDo(log, event(log, role)) ? 'yes' : '–')),
  ]);
  return markdownTable(['to', ...ROLES], rows);
}

/** Only the permission is asked for: whether the event also fits the state is another question. */
function mayDo({ state }: LogBuilder, event: Event): boolean {
  const change = transition(state, event);
  return change.ok && change.value.permit() === undefined;
}

function groupOfAll(): LogBuilder {
  const log = new LogBuilder(founder, groupGenesis());
  for (const role of ROLES) {
    log.append(founder, memberAdded, { actor: of(role).key, role });
    log.append(founder, memberAdded, { actor: another(role), role });
  }
  return log;
}
