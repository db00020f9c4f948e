import { describe, expect, test } from 'vitest';
import {
  defineEvent,
  groupMessage,
  memberAdded,
  memberRemoved,
  mlsCommit,
  roleChanged,
  uint8,
  type GrantedRole,
} from '../../../core/index.ts';
import { commitBody, createdBody, groupGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { mlsCreated } from '../../../core/index.ts';

const ROLES = ['reader', 'member', 'admin', 'owner'] as const;
const founder = actorNamed('founder');
const newcomer = actorNamed('newcomer').key;
const actorOf = (role: GrantedRole) => actorNamed(`an ${role}`);
/** Someone else of the same role. */
const otherOf = (role: GrantedRole) => actorNamed(`another ${role}`);
const item = defineEvent({ type: 0x8000, name: 'todo.item-added', body: uint8 });
const list = defineEvent({ type: 0xc000, name: 'todo.list-closed', body: uint8 });

/** A group with two of each role, and the founder who owns it too. */
function groupOfAll(membership: 'plain' | 'mls'): LogBuilder {
  const log = new LogBuilder(founder, groupGenesis(membership));
  const everyone = ROLES.flatMap((role) => [actorOf(role), otherOf(role)].map(({ key }) => ({ actor: key, role })));
  if (membership === 'plain') {
    for (const member of everyone) log.append(founder, memberAdded, member);
  } else {
    log.append(founder, mlsCreated, createdBody);
    log.append(founder, mlsCommit, commitBody(0, { added: everyone }));
  }
  return log;
}

const plain = groupOfAll('plain');
const mls = groupOfAll('mls');

/** Which roles may: one letter each of reader, member, admin, owner. */
function whoMay(attempt: (role: GrantedRole) => string | undefined): string {
  return ROLES.map((role) => {
    const code = attempt(role);
    if (code !== undefined && code !== 'not-permitted') throw new Error(`${role}: ${code}`);
    return code === undefined ? role.charAt(0) : '-';
  }).join('');
}

describe('who may', () => {
  test('[GR3] send: everyone but readers', () => {
    expect(whoMay((role) => plain.codeOf(actorOf(role), groupMessage, messageBody))).toBe('-mao');
    expect(whoMay((role) => plain.codeOf(actorOf(role), item, 1))).toBe('-mao');
    expect(whoMay((role) => plain.codeOf(actorOf(role), list, 1))).toBe('-mao');
    expect(whoMay((role) => mls.codeOf(actorOf(role), groupMessage, { ...messageBody, epoch: 1 }))).toBe('-mao');
  });

  test('[GR3] rotate keys: everyone but readers', () => {
    expect(whoMay((role) => mls.codeOf(actorOf(role), mlsCommit, commitBody(1)))).toBe('-mao');
  });

  test.each([
    ['reader', '--ao'],
    ['member', '--ao'],
    ['admin', '---o'],
    ['owner', '---o'],
  ] as const)('[GR4] add %s', (role, allowed) => {
    const added = { actor: newcomer, role };
    expect(whoMay((by) => plain.codeOf(actorOf(by), memberAdded, added))).toBe(allowed);
    expect(whoMay((by) => mls.codeOf(actorOf(by), mlsCommit, commitBody(1, { added: [added] })))).toBe(allowed);
  });

  test.each([
    ['reader', '--ao'],
    ['member', '--ao'],
    ['admin', '---o'],
    ['owner', '---o'],
  ] as const)('[GR4] remove %s', (role, allowed) => {
    const removed = otherOf(role).key;
    expect(whoMay((by) => plain.codeOf(actorOf(by), memberRemoved, { actor: removed }))).toBe(allowed);
    expect(whoMay((by) => mls.codeOf(actorOf(by), mlsCommit, commitBody(1, { removed: [removed] })))).toBe(allowed);
  });

  test('[GR4] leave: everyone, where no commit is needed', () => {
    expect(whoMay((role) => plain.codeOf(actorOf(role), memberRemoved, { actor: actorOf(role).key }))).toBe('rmao');
    const leave = (role: GrantedRole) => commitBody(1, { removed: [actorOf(role).key] });
    expect(whoMay((role) => mls.codeOf(actorOf(role), mlsCommit, leave(role)))).toBe('----');
  });

  test('[GR4] do several things in one commit: only who may do each of them', () => {
    const added = { actor: newcomer, role: 'member' } as const;
    const both = (role: GrantedRole) => commitBody(1, { added: [added], removed: [otherOf(role).key] });
    expect(whoMay((by) => mls.codeOf(actorOf(by), mlsCommit, both('member')))).toBe('--ao');
    expect(whoMay((by) => mls.codeOf(actorOf(by), mlsCommit, both('admin')))).toBe('---o');
    const escalated = commitBody(1, { added: [added, { actor: actorNamed('crony').key, role: 'admin' }] });
    expect(whoMay((by) => mls.codeOf(actorOf(by), mlsCommit, escalated))).toBe('---o');
  });

  // Rows: the role that someone has; columns: the one that they are to get, reader to owner.
  test.each([
    ['reader', '--ao', '--ao', '---o', '---o'],
    ['member', '--ao', '--ao', '---o', '---o'],
    ['admin', '---o', '---o', '---o', '---o'],
    ['owner', '---o', '---o', '---o', '---o'],
  ] as const)('[GR6] make %s something else', (from, ...allowed) => {
    for (const log of [plain, mls]) {
      const actual = ROLES.map((role) =>
        whoMay((by) => log.codeOf(actorOf(by), roleChanged, { actor: otherOf(from).key, role })),
      );
      expect(actual).toEqual(allowed);
    }
  });

  test('[GR6] change their own role: only downwards', () => {
    const ownChange = (role: GrantedRole) =>
      whoMay((by) => plain.codeOf(actorOf(by), roleChanged, { actor: actorOf(by).key, role }));
    expect(ROLES.map(ownChange)).toEqual(['--ao', '--ao', '---o', '---o']);
  });

  test('[GR3] found the MLS group: its founder', () => {
    const log = new LogBuilder(founder, groupGenesis('mls'));
    expect(log.codeOf(founder, mlsCreated, createdBody)).toBeUndefined();
    expect(log.codeOf(actorOf('owner'), mlsCreated, createdBody)).toBe('not-permitted');
  });
});

describe('from outside', () => {
  const stranger = actorNamed('stranger');
  const attempts = [
    [groupMessage, messageBody],
    [item, 1],
    [memberAdded, { actor: newcomer, role: 'reader' }],
    [memberAdded, { actor: stranger.key, role: 'owner' }],
    [memberRemoved, { actor: stranger.key }],
    [memberRemoved, { actor: otherOf('member').key }],
    [roleChanged, { actor: stranger.key, role: 'owner' }],
    [mlsCreated, createdBody],
    [mlsCommit, commitBody(1)],
    [mlsCommit, commitBody(1, { removed: [stranger.key] })],
  ] as const;

  test('[GR3] a stranger may nothing', () => {
    for (const [definition, body] of attempts)
      for (const log of [plain, mls])
        expect(log.codeOf(stranger, definition as typeof roleChanged, body as never), definition.name).toBe(
          'not-permitted',
        );
  });

  test('[GR7] one who was removed may nothing from then on, and is told since when', () => {
    const log = groupOfAll('mls');
    const removed = otherOf('owner');
    const at = log.append(founder, mlsCommit, commitBody(1, { removed: [removed.key] }));
    for (const [definition, body] of attempts) {
      const refusal = log.refusalOf(log.event(removed, definition as typeof roleChanged, body as never));
      expect(refusal, definition.name).toEqual({ code: 'actor-removed', at });
    }
    expect(log.codeOf(removed, mlsCommit, commitBody(2, { removed: [removed.key] }))).toBe('actor-removed');
  });
});
