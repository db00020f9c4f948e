import { describe, expect, test } from 'vitest';
import {
  encodeState,
  groupMessage,
  memberAdded,
  mlsCommit,
  mlsCreated,
  mlsProposal,
  mlsReinitialised,
  parseState,
  predecessorNamed,
  roleChanged,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  messageBody,
  proposalBody,
  reinitBody,
} from '../../../scripts/vectors/sample-bodies.ts';
import { closed, noted } from '../../../scripts/vectors/sample-chains.ts';

const [alice, bob, stranger] = [actorNamed('alice'), actorNamed('bob'), actorNamed('stranger')];

/** Alice's group in epoch 1, with Bob as an admin. */
function groupOfTwo(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  log.append(alice, mlsCommit, commitBody(0, { added: [{ actor: bob.key, role: 'admin' }] }));
  return log;
}

describe('the end of an MLS group', () => {
  test('[GM41] is an owner’s, of the current epoch, and names a successor of a suite that is known', () => {
    const log = groupOfTwo();
    expect(log.codeOf(bob, mlsReinitialised, reinitBody)).toBe('not-permitted');
    expect(log.codeOf(stranger, mlsReinitialised, reinitBody)).toBe('not-permitted');
    expect(log.codeOf(alice, mlsReinitialised, { ...reinitBody, epoch: 0 })).toBe('wrong-epoch');
    expect(log.codeOf(alice, mlsReinitialised, { ...reinitBody, ciphersuite: 7 })).toBe('unsupported-ciphersuite');
    expect(new LogBuilder(alice).codeOf(alice, mlsReinitialised, reinitBody)).toBe('wrong-membership');
    const uncreated = new LogBuilder(alice, groupGenesis('mls'));
    expect(uncreated.codeOf(alice, mlsReinitialised, reinitBody)).toBe('mls-not-created');
    log.append(alice, mlsReinitialised, reinitBody);
    const { successor: chain, ciphersuite } = reinitBody;
    expect(log.group.mls).toMatchObject({ epoch: 2, epochIndex: 3, successor: { chain, ciphersuite, index: 3 } });
    expect(log.group.roster.map(({ role }) => role).sort()).toEqual(['admin', 'owner']);
    expect(parseState(encodeState(log.state))).toEqual(log.state);
  });

  test('[GM42] is the end: nobody adds anything to the log, and strangers are told no more than before', () => {
    const log = groupOfTwo();
    log.append(alice, mlsReinitialised, reinitBody);
    const attempts = [
      log.codeOf(alice, mlsCommit, commitBody(2)),
      log.codeOf(alice, mlsReinitialised, { ...reinitBody, epoch: 2 }),
      log.codeOf(bob, mlsProposal, proposalBody(2, 'leave')),
      log.codeOf(bob, groupMessage, { ...messageBody, epoch: 1 }),
      log.codeOf(bob, noted, 'tea'),
      log.codeOf(bob, closed, 'kitchen'),
      log.codeOf(alice, roleChanged, { actor: bob.key, role: 'owner' }),
    ];
    expect(new Set(attempts)).toEqual(new Set(['group-reinitialised']));
    expect(log.refusalOf(log.event(bob, noted, 'tea'))).toEqual({
      code: 'group-reinitialised',
      successor: reinitBody.successor,
    });
    expect(log.codeOf(stranger, groupMessage, messageBody)).toBe('not-permitted');
  });

  test('[GM43] is told of in the group that goes on by its owner, and changes nothing there', () => {
    const log = groupOfTwo();
    const { state } = log;
    const predecessor = { chain: log.chain };
    expect(log.codeOf(bob, predecessorNamed, predecessor)).toBe('not-permitted');
    log.append(alice, predecessorNamed, predecessor);
    expect(log.state).toEqual(state);
    const plain = new LogBuilder(alice);
    plain.append(alice, memberAdded, { actor: bob.key, role: 'member' });
    expect(plain.codeOf(alice, predecessorNamed, predecessor)).toBe('wrong-membership');
  });
});
