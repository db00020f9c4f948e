import { describe, expect, test } from 'vitest';
import {
  checkGroupSize,
  CIPHERSUITES,
  defineEvent,
  groupMessage,
  MAX_COMMIT_ADDS,
  mlsCommit,
  mlsCreated,
  roleChanged,
  stateDigest,
  uint8,
  type Roster,
} from '../../../core/index.ts';
import { mlsSuites } from '../../../core/mls/index.ts';
import { commitBody, createdBody, groupGenesis, hashOf, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const alice = actorNamed('alice');
const bob = actorNamed('bob');
const carol = actorNamed('carol');
const withBob = { added: [{ actor: bob.key, role: 'member' } as const] };
const withCarol = { added: [{ actor: carol.key, role: 'member' } as const] };

function created(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  return log;
}

/** Alice and Bob in `epoch`. */
function groupIn(epoch: number): LogBuilder {
  const log = created();
  log.append(alice, mlsCommit, commitBody(0, withBob));
  for (let ended = 1; ended < epoch; ended++) log.append(alice, mlsCommit, commitBody(ended));
  return log;
}

function messageIn(log: LogBuilder, epoch: number): string | undefined {
  return log.codeOf(alice, groupMessage, { ...messageBody, epoch });
}

describe('creation', () => {
  test('[GM1] opens epoch 0 with the tree and GroupInfo that it names', () => {
    expect(created().group.mls).toEqual({
      ciphersuite: 1,
      epoch: 0,
      treeHash: createdBody.treeHash,
      groupInfoHash: createdBody.groupInfoHash,
      epochIndex: 1,
      oldestOpenEpoch: 0,
      commits: [],
      reports: [],
    });
  });

  test('[GM1] comes once', () => {
    expect(created().codeOf(alice, mlsCreated, createdBody)).toBe('already-created');
    expect(groupIn(2).codeOf(alice, mlsCreated, createdBody)).toBe('already-created');
  });

  test('[GM1] comes before anything else, so that nothing can take its place', () => {
    const log = new LogBuilder(alice, groupGenesis('mls'));
    const note = defineEvent({ type: 0x8001, name: 'app.noted', body: uint8 });
    expect(log.codeOf(alice, note, 1)).toBe('mls-not-created');
    expect(log.codeOf(alice, groupMessage, messageBody)).toBe('mls-not-created');
    expect(log.codeOf(alice, mlsCommit, commitBody(0))).toBe('mls-not-created');
    expect(log.codeOf(alice, roleChanged, { actor: alice.key, role: 'owner' })).toBe('mls-not-created');
    log.append(alice, mlsCreated, createdBody);
    expect(log.codeOf(alice, note, 1)).toBeUndefined();
  });

  test('[GM1] takes the ciphersuites that can be followed, which are those of the MLS rules', () => {
    const codeOf = (ciphersuite: number) =>
      new LogBuilder(alice, groupGenesis('mls')).codeOf(alice, mlsCreated, { ...createdBody, ciphersuite });
    for (const other of [0, 4, 83, 0xf0a1]) expect(codeOf(other)).toBe('unsupported-ciphersuite');
    expect([...CIPHERSUITES]).toEqual(mlsSuites.map(({ id }) => id));
  });
});

describe('a commit', () => {
  test('[GM2] opens the next epoch and changes the roster in one step', () => {
    const log = groupIn(1);
    const at = log.append(alice, mlsCommit, commitBody(1, withCarol));
    expect(log.group.mls).toMatchObject({ epoch: 2, epochIndex: at, treeHash: hashOf('tree 2') });
    expect(log.group.mls).toMatchObject({ groupInfoHash: hashOf('GroupInfo 2'), ciphersuite: 1 });
    expect(log.group.roster).toContainEqual({ actor: carol.key, role: 'member', since: at, until: 0 });
  });

  test.each([0, 1, 3])('[GM2] that ends epoch %d in epoch 2 is refused with the current one', (epoch) => {
    const log = groupIn(2);
    expect(log.refusalOf(log.event(alice, mlsCommit, commitBody(epoch)))).toEqual({ code: 'wrong-epoch', epoch: 2 });
  });

  test('[GM2] does not remove its own author', () => {
    const log = groupIn(1);
    expect(log.codeOf(bob, mlsCommit, commitBody(1, { removed: [bob.key] }))).toBe('not-permitted');
  });

  test('[GM5] names a Welcome for each actor that it adds and for nobody else', () => {
    const log = groupIn(1);
    const body = commitBody(1, withCarol);
    const [ref] = body.welcomeRefs as [(typeof body.welcomeRefs)[0]];
    const refs = (welcomeRefs: typeof body.welcomeRefs) => log.codeOf(alice, mlsCommit, { ...body, welcomeRefs });
    expect(refs([ref])).toBeUndefined();
    expect(refs([])).toBe('welcome-mismatch');
    expect(refs([ref, ref])).toBe('welcome-mismatch');
    expect(refs([{ ...ref, actor: actorNamed('stranger').key }])).toBe('welcome-mismatch');
    expect(refs([ref, { ...ref, actor: bob.key }])).toBe('welcome-mismatch');
    expect(log.codeOf(alice, mlsCommit, { ...commitBody(1), welcomeRefs: [ref] })).toBe('welcome-mismatch');
  });

  test('[GM6] adds at most 256 members, and is told how many it has', () => {
    const added = (count: number) => ({
      added: Array.from({ length: count }, (_, i) => ({ actor: hashOf(`one of many: ${i}`), role: 'reader' }) as const),
    });
    const log = groupIn(1);
    expect(log.codeOf(alice, mlsCommit, commitBody(1, added(MAX_COMMIT_ADDS)))).toBeUndefined();
    const event = log.event(alice, mlsCommit, commitBody(1, added(MAX_COMMIT_ADDS + 1)));
    expect(log.refusalOf(event)).toEqual({ code: 'too-many-adds', limit: 256, actual: 257 });
    // Who may not add at all is told that, however many there are.
    expect(log.codeOf(bob, mlsCommit, commitBody(1, added(MAX_COMMIT_ADDS + 1)))).toBe('not-permitted');
  });

  test('[GM6] leaves at most 2,048 members, counting those who go and not those who have gone', () => {
    const roster = (members: number, gone: number): Roster =>
      Array.from({ length: members + gone }, (_, i) => {
        const actor = new Uint8Array(32);
        new DataView(actor.buffer).setUint32(0, i);
        return { actor, role: i < members ? 'member' : 'none', since: 0, until: i < members ? 0 : 1 };
      });
    const size = (members: number, added: number, removed = 0) =>
      checkGroupSize(roster(members, 3_000), { added, removed });
    expect(size(2_047, 1)).toBeUndefined();
    expect(size(2_048, 1)).toEqual({ code: 'group-full', limit: 2_048, actual: 2_049 });
    expect(size(1_800, 248)).toBeUndefined();
    expect(size(1_800, 249)).toEqual({ code: 'group-full', limit: 2_048, actual: 2_049 });
    expect(size(2_048, 1, 1)).toBeUndefined();
    expect(size(2_048, 2, 1)).toMatchObject({ code: 'group-full' });
    expect(size(2_050, 0, 1)).toBeUndefined();
  });

  test('leaves nothing in the state that its bytes could still change', () => {
    const log = groupIn(1);
    const event = log.event(alice, mlsCommit, commitBody(1, withCarol));
    const admission = log.admit(event);
    if (!admission.ok) throw new Error(admission.error.code);
    const digest = stateDigest(admission.value.state);
    event.body.fill(0);
    expect(stateDigest(admission.value.state)).toEqual(digest);
  });
});

describe('a message', () => {
  test.each([
    [5, 6, 'future-epoch'],
    [5, 5, undefined],
    [5, 2, undefined],
    [5, 1, 'epoch-closed'],
    [2, 0, undefined],
    [2, Number.MAX_SAFE_INTEGER, 'future-epoch'],
  ] as const)('[GM3] in epoch %d encrypted for %d: %s', (current, epoch, code) => {
    expect(messageIn(groupIn(current), epoch)).toBe(code);
  });

  test('[GM3] is told the current epoch when its own is over', () => {
    const log = groupIn(5);
    const event = log.event(alice, groupMessage, { ...messageBody, epoch: 1 });
    expect(log.refusalOf(event)).toEqual({ code: 'epoch-closed', epoch: 5 });
  });

  test('[GM3] of an epoch that a removed member could read is refused at once and for ever', () => {
    const log = groupIn(2);
    log.append(alice, mlsCommit, commitBody(2, { removed: [bob.key] }));
    expect([messageIn(log, 2), messageIn(log, 3)]).toEqual(['epoch-closed', undefined]);
    log.append(alice, mlsCommit, commitBody(3));
    expect([messageIn(log, 2), messageIn(log, 3), messageIn(log, 4)]).toEqual(['epoch-closed', undefined, undefined]);
  });

  test('[GM3] stays open over commits that remove nobody', () => {
    const log = groupIn(2);
    log.append(alice, mlsCommit, commitBody(2, withCarol));
    expect([messageIn(log, 1), messageIn(log, 3)]).toEqual([undefined, undefined]);
  });
});
