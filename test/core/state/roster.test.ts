import { describe, expect, test } from 'vitest';
import {
  findMember,
  groupMessage,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  roleChanged,
  roleOf,
} from '../../../core/index.ts';
import { admitMember, MAX_ROSTER, removeMember, type Roster } from '../../../core/state/group/roster.ts';
import { checkRosterChange } from '../../../core/state/group/roster-change.ts';
import { commitBody, createdBody, groupGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(actorNamed) as [Actor, Actor, Actor];
type Actor = ReturnType<typeof actorNamed>;

function plainGroup(): LogBuilder {
  const log = new LogBuilder(alice);
  log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
  return log;
}

function mlsGroup(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  log.append(alice, mlsCommit, commitBody(0, { added: [{ actor: bob.key, role: 'member' }] }));
  return log;
}

describe('the roster', () => {
  test('[GR1] begins with the founder as owner, from entry 0 on', () => {
    expect(new LogBuilder(alice).group.roster).toEqual([{ actor: alice.key, role: 'owner', since: 0, until: 0 }]);
  });

  test('[GR7] keeps who was removed with the index of the removal, and takes them in again', () => {
    const log = plainGroup();
    log.append(alice, memberRemoved, { actor: bob.key });
    expect(findMember(log.group.roster, bob.key)).toEqual({ actor: bob.key, role: 'none', since: 1, until: 2 });
    log.append(alice, memberAdded, { actor: bob.key, role: 'reader' });
    expect(findMember(log.group.roster, bob.key)).toEqual({ actor: bob.key, role: 'reader', since: 3, until: 0 });
  });

  test('[GR6] keeps the time of admission when a role changes', () => {
    const log = plainGroup();
    log.append(alice, roleChanged, { actor: bob.key, role: 'admin' });
    expect(findMember(log.group.roster, bob.key)).toEqual({ actor: bob.key, role: 'admin', since: 1, until: 0 });
  });

  test('[EN6] is sorted by key, whoever came first', () => {
    const log = new LogBuilder(alice);
    const names = ['x', 'a', 'q', 'm', 'b'].map((name) => actorNamed(name));
    for (const { key } of names) log.append(alice, memberAdded, { actor: key, role: 'reader' });
    const keys = log.group.roster.map(({ actor }) => Buffer.from(actor));
    expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(a, b)));
    for (const { key } of names) expect(roleOf(log.group.roster, key)).toBe('reader');
  });

  test('does not hold on to the bytes that an event came in', () => {
    const log = plainGroup();
    const event = log.event(alice, memberAdded, { actor: carol.key, role: 'member' });
    const admission = log.admit(event);
    event.body.fill(0xff);
    const roster = admission.ok && admission.value.state.kind === 'group' ? admission.value.state.value.roster : [];
    expect(roleOf(roster, carol.key)).toBe('member');
  });
});

describe('a change', () => {
  test('[GR2] goes through commits alone in an MLS group, and never through one elsewhere', () => {
    const wrongIn = (log: LogBuilder) => [
      log.refusalOf(log.event(alice, memberAdded, { actor: carol.key, role: 'member' })),
      log.refusalOf(log.event(alice, memberRemoved, { actor: bob.key })),
    ];
    const wrong = { code: 'wrong-membership', membership: 'mls' };
    expect(wrongIn(mlsGroup())).toEqual([wrong, wrong]);
    const plain = plainGroup();
    const refusal = { code: 'wrong-membership', membership: 'plain' };
    expect(plain.refusalOf(plain.event(alice, mlsCreated, createdBody))).toEqual(refusal);
    expect(plain.refusalOf(plain.event(alice, mlsCommit, commitBody(0)))).toEqual(refusal);
  });

  test('[GR5] adds nobody who is in', () => {
    expect(plainGroup().codeOf(alice, memberAdded, { actor: bob.key, role: 'admin' })).toBe('already-member');
    expect(plainGroup().codeOf(alice, memberAdded, { actor: alice.key, role: 'owner' })).toBe('already-member');
  });

  test('[GR5] adds nobody twice', () => {
    const twice = { actor: carol.key, role: 'member' } as const;
    expect(mlsGroup().codeOf(alice, mlsCommit, commitBody(1, { added: [twice, { ...twice, role: 'reader' }] }))).toBe(
      'already-member',
    );
  });

  test('[GR5] takes nobody out and in at once, which would change a role unseen', () => {
    const swap = { added: [{ actor: bob.key, role: 'admin' } as const], removed: [bob.key] };
    expect(mlsGroup().codeOf(alice, mlsCommit, commitBody(1, swap))).toBe('already-member');
  });

  test('[GR5] removes nobody who is not in, or twice', () => {
    const log = plainGroup();
    expect(log.codeOf(alice, memberRemoved, { actor: carol.key })).toBe('no-such-member');
    log.append(alice, memberRemoved, { actor: bob.key });
    expect(log.codeOf(alice, memberRemoved, { actor: bob.key })).toBe('no-such-member');
    expect(mlsGroup().codeOf(alice, mlsCommit, commitBody(1, { removed: [bob.key, bob.key] }))).toBe('no-such-member');
  });

  test('[GR6] gives no role to who is not in', () => {
    const log = plainGroup();
    expect(log.codeOf(alice, roleChanged, { actor: carol.key, role: 'reader' })).toBe('no-such-member');
    log.append(alice, memberRemoved, { actor: bob.key });
    expect(log.codeOf(alice, roleChanged, { actor: bob.key, role: 'owner' })).toBe('no-such-member');
  });

  test('[GR5] leaves an owner', () => {
    expect(plainGroup().codeOf(alice, memberRemoved, { actor: alice.key })).toBe('last-owner');
    expect(plainGroup().codeOf(alice, roleChanged, { actor: alice.key, role: 'admin' })).toBe('last-owner');
    expect(plainGroup().codeOf(alice, roleChanged, { actor: alice.key, role: 'owner' })).toBeUndefined();
  });

  test('[GR5] leaves an owner even where owners remove each other in one commit', () => {
    const log = mlsGroup();
    log.append(alice, roleChanged, { actor: bob.key, role: 'owner' });
    expect(log.codeOf(alice, mlsCommit, commitBody(1, { removed: [bob.key] }))).toBeUndefined();
    const state = log.group.roster;
    expect(checkRosterChange(state, { added: [], removed: [alice.key, bob.key] })).toEqual({ code: 'last-owner' });
    log.append(alice, roleChanged, { actor: alice.key, role: 'reader' });
    expect(log.codeOf(bob, roleChanged, { actor: bob.key, role: 'member' })).toBe('last-owner');
  });
});

describe('a full roster', () => {
  const full: Roster = Array.from({ length: MAX_ROSTER }, (_, i) => {
    const actor = new Uint8Array(32);
    new DataView(actor.buffer).setUint32(0, i);
    return { actor, role: i === 0 ? 'owner' : 'none', since: 0, until: 0 };
  });
  const newcomer = { actor: new Uint8Array(32).fill(0xff), role: 'member' } as const;

  test('[GR5] takes nobody new', () => {
    const change = { added: [newcomer], removed: [] };
    const refusal = { code: 'roster-full', limit: MAX_ROSTER, actual: MAX_ROSTER + 1 };
    expect(checkRosterChange(full, change)).toEqual(refusal);
    expect(checkRosterChange(full.slice(1), change)).toBeUndefined();
  });

  test('[GR5] takes those back in that it lists anyway', () => {
    const change = { added: [{ actor: full[7]!.actor, role: 'member' } as const], removed: [] };
    expect(checkRosterChange(full, change)).toBeUndefined();
  });
});

test('rosters are values: what is derived from one leaves it as it was', () => {
  const roster = admitMember([], alice.key, 'owner', 0);
  const before = structuredClone(roster);
  removeMember(admitMember(roster, bob.key, 'member', 1), alice.key, 2);
  expect(roster).toEqual(before);
});

test('[GM3] a message in a plain group is of epoch 0', () => {
  const log = plainGroup();
  expect(log.codeOf(bob, groupMessage, messageBody)).toBeUndefined();
  expect(log.refusalOf(log.event(bob, groupMessage, { ...messageBody, epoch: 1 }))).toEqual({
    code: 'future-epoch',
    epoch: 0,
  });
});
