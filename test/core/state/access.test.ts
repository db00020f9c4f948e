import { describe, expect, test } from 'vitest';
import { admittedAt, defineEvent, memberAdded, memberRemoved, readableUntil, uint8 } from '../../../core/index.ts';
import { groupGenesis, identityGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';

const alice = actorNamed('alice');
const bob = actorNamed('bob');
const stranger = actorNamed('stranger');
const WHOLE = Number.MAX_SAFE_INTEGER;
const note = defineEvent({ type: 0x8001, name: 'app.noted', body: uint8 });

describe('reading', () => {
  test('[AC3] a private group: who holds a role, and nobody else', () => {
    const log = new LogBuilder(alice);
    log.append(alice, memberAdded, { actor: bob.key, role: 'reader' });
    const until = (actor?: Uint8Array) => readableUntil(log.state, actor);
    expect([until(alice.key), until(bob.key), until(stranger.key), until()]).toEqual([
      WHOLE,
      WHOLE,
      undefined,
      undefined,
    ]);
  });

  test('[AC3] ends with the removal of the one who reads, and begins again with a new admission', () => {
    const log = new LogBuilder(alice);
    log.append(alice, memberAdded, { actor: bob.key, role: 'owner' });
    const removal = log.append(alice, memberRemoved, { actor: bob.key });
    log.append(alice, note, 1);
    expect(readableUntil(log.state, bob.key)).toBe(removal);
    log.append(alice, memberAdded, { actor: bob.key, role: 'reader' });
    expect(readableUntil(log.state, bob.key)).toBe(WHOLE);
  });

  test('[AC1] a public chain: anyone, the removed and the nameless too', () => {
    const log = new LogBuilder(alice, groupGenesis('plain', { visibility: 'public' }));
    log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
    log.append(alice, memberRemoved, { actor: bob.key });
    expect([bob.key, stranger.key, undefined].map((actor) => readableUntil(log.state, actor))).toEqual([
      WHOLE,
      WHOLE,
      WHOLE,
    ]);
  });

  test('[AC3] an identity chain: its devices', () => {
    const { state } = new LogBuilder(alice, identityGenesis());
    expect([alice.key, bob.key, undefined].map((actor) => readableUntil(state, actor))).toEqual([
      WHOLE,
      undefined,
      undefined,
    ]);
  });
});

describe('admission', () => {
  test('[AP8] counts from the latest entry that let an actor in', () => {
    const log = new LogBuilder(alice);
    log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
    log.append(alice, memberRemoved, { actor: bob.key });
    log.append(alice, memberAdded, { actor: bob.key, role: 'member' });
    expect([alice, bob, stranger].map(({ key }) => admittedAt(log.state, key))).toEqual([0, 3, undefined]);
    const identity = new LogBuilder(alice, identityGenesis()).state;
    expect([alice, bob].map(({ key }) => admittedAt(identity, key))).toEqual([0, undefined]);
  });
});

describe('an identity chain', () => {
  const log = new LogBuilder(alice, identityGenesis());

  test('[CH5] takes no event of a group, from its own device or another', () => {
    const refusals = [alice, stranger].map((actor) =>
      log.codeOf(actor, memberAdded, { actor: bob.key, role: 'member' }),
    );
    expect(refusals).toEqual(['unknown-event-type', 'not-permitted']);
  });

  test('[AP10] takes no event of an application', () => {
    expect(log.codeOf(alice, note, 1)).toBe('not-permitted');
  });
});
