import { describe, expect, test } from 'vitest';
import {
  findMember,
  isLeaving,
  mlsCommit,
  mlsCreated,
  mlsProposal,
  roleChanged,
  viewState,
  type HandshakeMode,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { commitBody, createdBody, groupGenesis, proposalBody } from '../../../scripts/vectors/sample-bodies.ts';

const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map(actorNamed) as [Actor, Actor, Actor, Actor];
type Actor = ReturnType<typeof actorNamed>;

/** Alice owns it; Bob is a second owner, Carol a member, Dave a reader. */
function group(handshakes: HandshakeMode = 'public'): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls', {}, handshakes));
  log.append(alice, mlsCreated, createdBody);
  const added = [
    { actor: bob.key, role: 'owner' } as const,
    { actor: carol.key, role: 'member' } as const,
    { actor: dave.key, role: 'reader' } as const,
  ];
  log.append(alice, mlsCommit, commitBody(0, { added }));
  return log;
}

function leave(log: LogBuilder, who: Actor): number {
  return log.append(who, mlsProposal, proposalBody(log.group.mls!.epoch, 'leave'));
}

const isOut = (log: LogBuilder, { key }: Actor): boolean => isLeaving(findMember(log.group.roster, key)!);

describe('a proposal', () => {
  test('[GM10] is of the current epoch', () => {
    const log = group();
    expect(log.codeOf(carol, mlsProposal, proposalBody(1, 'other'))).toBeUndefined();
    expect(log.refusalOf(log.event(carol, mlsProposal, proposalBody(0, 'other')))).toEqual({
      code: 'wrong-epoch',
      epoch: 1,
    });
    expect(log.refusalOf(log.event(carol, mlsProposal, proposalBody(2, 'leave')))).toEqual({
      code: 'wrong-epoch',
      epoch: 1,
    });
  });

  test('[GM10] comes in a group that has MLS, once it is created', () => {
    const plain = new LogBuilder(alice, groupGenesis());
    expect(plain.codeOf(alice, mlsProposal, proposalBody(0, 'other'))).toBe('wrong-membership');
    const unborn = new LogBuilder(alice, groupGenesis('mls'));
    expect(unborn.codeOf(alice, mlsProposal, proposalBody(0, 'other'))).toBe('mls-not-created');
  });

  test('[GR3] is made by members, and to leave by everyone who is in', () => {
    const log = group();
    expect(log.codeOf(dave, mlsProposal, proposalBody(1, 'other'))).toBe('not-permitted');
    expect(log.codeOf(dave, mlsProposal, proposalBody(1, 'leave'))).toBeUndefined();
    expect(log.codeOf(actorNamed('mallory'), mlsProposal, proposalBody(1, 'leave'))).toBe('not-permitted');
  });

  test('[GM10] names the proposal as its payload and holds up no change of the group', () => {
    const log = group();
    const commit = log.event(alice, mlsCommit, commitBody(1));
    leave(log, carol);
    expect(log.refusalOf(commit)).toBeUndefined();
  });
});

describe('who has asked to leave', () => {
  test('[GM11] is taken out by any member, in this epoch or a later one', () => {
    for (const epochs of [0, 2]) {
      const log = group();
      const at = leave(log, bob);
      expect(findMember(log.group.roster, bob.key)).toMatchObject({ role: 'owner', until: at });
      for (let i = 0; i < epochs; i++) log.append(alice, mlsCommit, commitBody(1 + i));
      expect(isOut(log, bob)).toBe(true);
      const removal = commitBody(1 + epochs, { removed: [bob.key] });
      expect(log.codeOf(dave, mlsCommit, removal)).toBe('not-permitted');
      const gone = log.append(carol, mlsCommit, removal);
      expect(findMember(log.group.roster, bob.key)).toMatchObject({ role: 'none', until: gone });
    }
  });

  test('[GM11] takes nobody along: others need the permission as ever', () => {
    const log = group();
    leave(log, bob);
    const also = (removed: Uint8Array, added: readonly Actor[] = []) =>
      log.codeOf(carol, mlsCommit, {
        ...commitBody(1, {
          removed: [bob.key, removed],
          added: added.map(({ key }) => ({ actor: key, role: 'reader' })),
        }),
      });
    expect(also(dave.key)).toBe('not-permitted');
    leave(log, dave);
    expect(also(dave.key)).toBeUndefined();
    expect(also(dave.key, [actorNamed('erin')])).toBe('not-permitted');
  });

  test('[GM11] does not commit it itself, and may ask again, which changes nothing', () => {
    const log = group();
    const at = leave(log, carol);
    expect(log.codeOf(carol, mlsCommit, commitBody(1, { removed: [carol.key] }))).toBe('not-permitted');
    leave(log, carol);
    expect(findMember(log.group.roster, carol.key)?.until).toBe(at);
  });

  test('[GM11] comes back like anyone, and stays then', () => {
    const log = group();
    leave(log, carol);
    log.append(bob, mlsCommit, commitBody(1, { removed: [carol.key] }));
    log.append(alice, mlsCommit, commitBody(2, { added: [{ actor: carol.key, role: 'member' }] }));
    expect(isOut(log, carol)).toBe(false);
    expect(log.codeOf(dave, mlsCommit, commitBody(3, { removed: [carol.key] }))).toBe('not-permitted');
  });

  test('[GR5] is no owner to rely on: the last other one neither leaves, steps down nor is taken out', () => {
    const log = group();
    leave(log, bob);
    expect(log.codeOf(alice, mlsProposal, proposalBody(1, 'leave'))).toBe('last-owner');
    expect(log.codeOf(alice, roleChanged, { actor: alice.key, role: 'admin' })).toBe('last-owner');
    expect(log.codeOf(bob, mlsCommit, commitBody(1, { removed: [alice.key] }))).toBe('last-owner');
    expect(log.codeOf(carol, mlsCommit, commitBody(1, { removed: [bob.key] }))).toBeUndefined();
    expect(log.codeOf(carol, mlsProposal, proposalBody(1, 'leave'))).toBeUndefined();
  });
});

describe('in a group of opaque handshakes, a proposal', () => {
  const refused = { code: 'opaque-handshakes' };

  test('[GM31] is one to leave, once for each member', () => {
    const log = group('opaque');
    expect(log.refusalOf(log.event(carol, mlsProposal, proposalBody(1, 'other')))).toEqual(refused);
    leave(log, carol);
    expect(isOut(log, carol)).toBe(true);
    expect(log.refusalOf(log.event(carol, mlsProposal, proposalBody(1, 'leave')))).toEqual(refused);
    expect(log.codeOf(dave, mlsProposal, proposalBody(1, 'leave'))).toBeUndefined();
    // The wish outlives its epoch, so nothing has to be said again.
    log.append(alice, mlsCommit, commitBody(1));
    expect(log.refusalOf(log.event(carol, mlsProposal, proposalBody(2, 'leave')))).toEqual(refused);
    log.append(alice, mlsCommit, commitBody(2, { removed: [carol.key] }));
    log.append(alice, mlsCommit, commitBody(3, { added: [{ actor: carol.key, role: 'member' }] }));
    expect(log.codeOf(carol, mlsProposal, proposalBody(4, 'leave'))).toBeUndefined();
  });

  test('[GM31] comes after the epoch and permission of any other', () => {
    const log = group('opaque');
    expect(log.codeOf(carol, mlsProposal, proposalBody(0, 'other'))).toBe('wrong-epoch');
    expect(log.codeOf(dave, mlsProposal, proposalBody(1, 'other'))).toBe('not-permitted');
  });
});

test('[GM30] the state says that handshakes are opaque, for as long as the group lasts', () => {
  for (const handshakes of ['public', 'opaque'] as const) {
    const log = group(handshakes);
    expect(viewState(log.state)).toMatchObject({
      value: { genesis: { parameters: { value: { membership: 'mls', handshakes } } } },
    });
  }
});
