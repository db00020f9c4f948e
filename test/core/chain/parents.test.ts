import { describe, expect, test } from 'vitest';
import {
  defineEvent,
  groupMessage,
  HOUR_MS,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  roleChanged,
  uint8,
  type EventDefinition,
} from '../../../core/index.ts';
import { commitBody, createdBody, groupGenesis, messageBody } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const [alice, bob, carol] = [actorNamed('alice'), actorNamed('bob'), actorNamed('carol')];
const observed = defineEvent({ type: 0x8000, name: 'app.noted', body: uint8 });
const strict = defineEvent({ type: 0xc000, name: 'app.closed', body: uint8 });

/** Entry 0 genesis, 1 Bob joins, 2 and 3 messages. */
function group(): LogBuilder {
  const log = new LogBuilder(alice);
  log.append(alice, memberAdded, { actor: bob.key, role: 'admin' });
  log.append(alice, groupMessage, messageBody);
  log.append(bob, groupMessage, messageBody);
  return log;
}

function strictAfter(log: LogBuilder, seenIndex: number): unknown {
  return log.refusalOf(log.event(alice, memberAdded, { actor: carol.key, role: 'member' }, { seenIndex }));
}

function observedAfter(log: LogBuilder, seenIndex: number, actor = bob): unknown {
  return log.refusalOf(log.event(actor, observed, 1, { seenIndex }));
}

describe('the seen entry', () => {
  test('[AP7, AP8] is one of this chain, with its hash, whatever the ordering', () => {
    const log = group();
    const unknown = { code: 'unknown-parent', head: 3 };
    for (const definition of [observed, strict]) {
      const seen = (fields: object) => log.refusalOf(log.event(alice, definition, 1, fields));
      expect(seen({})).toBeUndefined();
      expect(seen({ seenIndex: 4 })).toEqual(unknown);
      expect(seen({ seenIndex: Number.MAX_SAFE_INTEGER })).toEqual(unknown);
      expect(seen({ seenHash: log.leaves[2]!.hash })).toEqual(unknown);
      expect(seen({ seenHash: new Uint8Array(32) })).toEqual(unknown);
      expect(seen({ seenIndex: 0, seenHash: new Uint8Array(32) })).toEqual(unknown);
    }
  });

  test('[AP7] with a foreign hash is unknown even where it would also be stale', () => {
    const log = group();
    const event = log.event(alice, strict, 1, { seenIndex: 0, seenHash: new Uint8Array(32) });
    expect(log.refusalOf(event)).toMatchObject({ code: 'unknown-parent' });
  });
});

describe('a strict event', () => {
  test('[AP7] may follow any entry after the last strict one, since observed ones do not matter to it', () => {
    const log = group();
    expect([1, 2, 3].map((seen) => strictAfter(log, seen))).toEqual([undefined, undefined, undefined]);
  });

  test('[AP7] is stale when a strict entry that its actor had not seen came first, and is told the head', () => {
    const log = group();
    expect(strictAfter(log, 0)).toEqual({ code: 'stale-parent', head: 3 });
    log.append(alice, roleChanged, { actor: bob.key, role: 'member' });
    expect([3, 4].map((seen) => strictAfter(log, seen))).toEqual([{ code: 'stale-parent', head: 4 }, undefined]);
  });

  test('[AP7] of an application outdates only those of applications, and a change of the group both', () => {
    const log = group();
    const last = () => [log.group.lastStrictIndex, log.group.lastApplicationIndex];
    expect(last()).toEqual([1, 0]);
    log.append(bob, observed, 1);
    expect(last()).toEqual([1, 0]);
    log.append(bob, strict, 1);
    expect(last()).toEqual([1, 5]);
    log.append(alice, roleChanged, { actor: bob.key, role: 'member' });
    expect(last()).toEqual([6, 5]);
    expect(strictAfter(log, 5)).toEqual({ code: 'stale-parent', head: 6 });
  });

  test('[AP7] of a member can not hold up its removal, however many there are', () => {
    const log = group();
    const seenIndex = log.size - 1;
    const seenHash = log.leaves[seenIndex]!.hash;
    for (let i = 0; i < 10; i++) log.append(bob, strict, i);
    const removal = log.event(alice, memberRemoved, { actor: bob.key }, { seenIndex, seenHash });
    expect(log.refusalOf(removal)).toBeUndefined();
  });

  test('[AP7] does not age: in a chain without others it may follow an entry of last year', () => {
    const log = group();
    log.time += 365 * 24 * HOUR_MS;
    log.append(bob, observed, 1);
    expect(strictAfter(log, 1)).toBeUndefined();
  });
});

describe('an observed event', () => {
  test('[AP8] may follow an older entry and is never outdated by a strict one', () => {
    const log = group();
    log.append(alice, memberAdded, { actor: carol.key, role: 'member' });
    expect([1, 2, 3, 4].map((seen) => observedAfter(log, seen))).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('[AP8] follows nothing from before its actor came', () => {
    const log = group();
    expect(observedAfter(log, 0)).toEqual({ code: 'seen-too-old', head: 3 });
    expect(observedAfter(log, 0, alice)).toBeUndefined();
  });

  test('[AP8] follows nothing from before its actor came back', () => {
    const log = group();
    log.append(alice, memberRemoved, { actor: bob.key });
    log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
    expect([3, 4, 5].map((seen) => observedAfter(log, seen))).toMatchObject([
      { code: 'seen-too-old' },
      { code: 'seen-too-old' },
      undefined,
    ] as object[]);
  });

  test('[AP8] is refused when what its actor had not seen is over a day old, to the millisecond', () => {
    const log = group();
    log.time += 24 * HOUR_MS;
    expect(observedAfter(log, 2)).toBeUndefined();
    log.time += 1;
    expect(observedAfter(log, 2)).toEqual({ code: 'seen-too-old', head: 3 });
  });

  test('[AP8] may follow the head however old it is: a quiet chain makes nobody stale', () => {
    const log = group();
    log.time += 400 * 24 * HOUR_MS;
    expect(observedAfter(log, 3)).toBeUndefined();
  });

  test('[AP8] may follow an old entry while the next one is fresh', () => {
    const log = group();
    log.time += 400 * 24 * HOUR_MS;
    log.append(alice, observed, 1);
    expect([2, 3].map((seen) => observedAfter(log, seen))).toMatchObject([
      { code: 'seen-too-old' },
      undefined,
    ] as object[]);
  });
});

test('[AP10] events of applications are ordered by those who may send, and leave nothing in the state but their place', () => {
  const log = group();
  log.append(alice, memberAdded, { actor: carol.key, role: 'reader' });
  const before = log.group;
  for (const definition of [observed, strict]) expect(log.codeOf(carol, definition, 1)).toBe('not-permitted');
  log.append(bob, observed, 1);
  expect(log.group).toBe(before);
  const at = log.append(bob, strict, 1);
  expect(log.group).toEqual({ ...before, lastApplicationIndex: at });
});

describe('a payload', () => {
  function payloadOf<Body>(log: LogBuilder, definition: EventDefinition<Body>, body: Body): unknown {
    const admission = log.admit(log.event(alice, definition, body));
    if (!admission.ok) throw new Error(admission.error.code);
    return admission.value.payload;
  }

  test('[PL1] is named by a message and by a commit, and by nothing else', () => {
    const log = group();
    expect(payloadOf(log, groupMessage, messageBody)).toEqual({ hash: messageBody.payloadHash, size: 12 });
    expect(payloadOf(log, observed, 1)).toBeUndefined();
    expect(payloadOf(log, memberAdded, { actor: carol.key, role: 'member' })).toBeUndefined();
    const mls = new LogBuilder(alice, groupGenesis('mls'));
    mls.append(alice, mlsCreated, createdBody);
    const body = commitBody(0);
    expect(payloadOf(mls, mlsCommit, body)).toEqual({ hash: body.commitHash, size: body.commitSize });
  });
});
