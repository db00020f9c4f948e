import { describe, expect, test } from 'vitest';
import {
  activeDevices,
  admittedAt,
  deviceRenamed,
  deviceRevoked,
  encodeState,
  findDevice,
  MAX_ACTIVE_DEVICES,
  MAX_RECOVERY_WAIT_MS,
  readableUntil,
  recoveryCancelled,
  recoveryCompleted,
  recoverySet,
  transition,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder, type Actor } from '../../../scripts/vectors/log-builder.ts';
import { identityGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { additionOf, proofOf, recoveryOf, recoverySetting } from '../../../scripts/vectors/sample-identity.ts';

const names = ['alice', 'phone', 'laptop', 'stranger', 'paper', 'vault'];
const [alice, phone, laptop, stranger, paper, vault] = names.map(actorNamed) as [
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
];
const WAIT_MS = 60_000;
const WHOLE = Number.MAX_SAFE_INTEGER;

/** Alice and her phone, with a recovery key on paper. */
function account(waitingMs = WAIT_MS): LogBuilder {
  const log = new LogBuilder(alice, identityGenesis());
  log.appendEvent(alice, additionOf(log, alice, { device: phone, name: 'phone' }));
  log.appendEvent(alice, recoverySetting(log, alice, paper, waitingMs));
  return log;
}

function recovering(waitingMs = WAIT_MS): { log: LogBuilder; index: number } {
  const log = account(waitingMs);
  return { log, index: log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' })) };
}

describe('a recovery key', () => {
  test('[ID8] is set by a device, with its own proof, and replaced or taken away by one', () => {
    const log = account();
    expect(log.identity.recovery).toEqual({ actor: paper.key, waitingMs: WAIT_MS, since: 2, pending: undefined });
    log.appendEvent(phone, recoverySetting(log, phone, vault, 0));
    expect(log.identity.recovery).toMatchObject({ actor: vault.key, waitingMs: 0, since: 3 });
    expect(log.refusalOf(recoveryOf(log, paper, { device: laptop, name: 'laptop' }))?.code).toBe('not-permitted');
    log.append(phone, recoverySet, { recovery: undefined });
    expect(log.identity.recovery).toBeUndefined();
  });

  test('[ID8] is set by nobody else, without its proof, or with a device’s', () => {
    const log = account();
    expect(log.refusalOf(recoverySetting(log, stranger, vault, 0))?.code).toBe('not-permitted');
    expect(log.refusalOf(recoverySetting(log, paper, vault, 0))?.code).toBe('not-permitted');
    const eventId = new Uint8Array(16).fill(9);
    const terms = { key: vault.key, waitingMs: 0, proof: proofOf(log, vault, 'device', eventId) };
    const event = log.event(alice, recoverySet, { recovery: terms }, { eventId });
    expect(log.refusalOf(event)?.code).toBe('invalid-proof');
  });

  test('[ID8] waits no longer than 90 days', () => {
    const log = account();
    expect(log.refusalOf(recoverySetting(log, alice, vault, MAX_RECOVERY_WAIT_MS + 1))).toEqual({
      code: 'waiting-too-long',
      maxMs: MAX_RECOVERY_WAIT_MS,
    });
    log.appendEvent(alice, recoverySetting(log, alice, vault, MAX_RECOVERY_WAIT_MS));
  });

  test('[AC3] reads the account while it stands, and does nothing there but recover', () => {
    const log = account();
    expect([readableUntil(log.state, paper.key), admittedAt(log.state, paper.key)]).toEqual([WHOLE, 2]);
    expect(log.codeOf(paper, deviceRevoked, { device: phone.key, reason: 'lost' })).toBe('not-permitted');
    expect(log.codeOf(paper, deviceRenamed, { device: phone.key, name: 'x' })).toBe('not-permitted');
    expect(log.refusalOf(additionOf(log, paper, { device: laptop, name: 'laptop' }))?.code).toBe('not-permitted');
    log.append(alice, recoverySet, { recovery: undefined });
    expect([readableUntil(log.state, paper.key), admittedAt(log.state, paper.key)]).toEqual([undefined, undefined]);
  });
});

describe('a recovery', () => {
  test('[ID9] is begun by the recovery key alone, for a device that proves its key', () => {
    const log = account();
    const wish = { device: laptop, name: 'laptop' };
    for (const actor of [alice, stranger])
      expect(log.refusalOf(recoveryOf(log, actor, wish))?.code).toBe('not-permitted');
    const forged = recoveryOf(log, paper, wish, { eventId: new Uint8Array(16) });
    expect(log.refusalOf(forged)?.code).toBe('invalid-proof');
    expect(log.refusalOf(recoveryOf(log, paper, { device: phone, name: 'phone' }))?.code).toBe('key-in-use');
    const index = log.appendEvent(paper, recoveryOf(log, paper, wish));
    expect(log.identity.recovery?.pending).toEqual({
      device: laptop.key,
      name: 'laptop',
      since: index,
      ripeAt: log.time + WAIT_MS,
    });
  });

  test('[ID9] makes no device yet: the new one reads, and does nothing', () => {
    const { log, index } = recovering();
    expect([readableUntil(log.state, laptop.key), admittedAt(log.state, laptop.key)]).toEqual([WHOLE, index]);
    expect(activeDevices(log.identity.devices)).toHaveLength(2);
    expect(log.codeOf(laptop, deviceRevoked, { device: alice.key, reason: 'lost' })).toBe('not-permitted');
  });

  test('[ID9] is one at a time', () => {
    const { log, index } = recovering();
    expect(log.refusalOf(recoveryOf(log, paper, { device: vault, name: 'vault' }))).toEqual({
      code: 'recovery-pending',
      at: index,
    });
  });

  test.each([
    ['any device', phone],
    ['the key that began it', paper],
  ])('[ID10] is cancelled by %s, and may be begun again', (_who, actor) => {
    const { log, index } = recovering();
    expect(log.codeOf(laptop, recoveryCancelled, { index })).toBe('not-permitted');
    expect(log.codeOf(actor, recoveryCancelled, { index: index + 1 })).toBe('no-such-recovery');
    log.append(actor, recoveryCancelled, { index });
    expect(log.identity.recovery).toMatchObject({ actor: paper.key, pending: undefined });
    expect(readableUntil(log.state, laptop.key)).toBeUndefined();
    log.time += WAIT_MS;
    expect(log.codeOf(laptop, recoveryCompleted, { index })).toBe('not-permitted');
    expect(log.codeOf(phone, recoveryCancelled, { index })).toBe('no-such-recovery');
    log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
  });

  test('[ID10] ends with the key that began it', () => {
    const { log } = recovering();
    log.appendEvent(phone, recoverySetting(log, phone, vault, 0));
    expect(log.identity.recovery?.pending).toBeUndefined();
  });

  test('[ID6, ID10, ID11] goes on while devices are revoked, and none of those ends it any more, nor begins or shortens another', () => {
    const { log, index } = recovering();
    log.append(alice, deviceRevoked, { device: phone.key, reason: 'lost' });
    expect(log.codeOf(phone, recoveryCancelled, { index })).toBe('actor-removed');
    expect(log.refusalOf(recoverySetting(log, phone, vault, 0))?.code).toBe('actor-removed');
    expect(log.refusalOf(recoveryOf(log, phone, { device: phone, name: 'me' }))?.code).toBe('actor-removed');
    expect(log.refusalOf(recoveryOf(log, paper, { device: phone, name: 'me' }))?.code).toBe('recovery-pending');
    log.append(alice, recoveryCancelled, { index });
    // Its key is spent in this account, also for the one who holds the recovery key.
    expect(log.refusalOf(recoveryOf(log, paper, { device: phone, name: 'me' }))?.code).toBe('key-in-use');
    const again = log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
    log.append(alice, deviceRevoked, { device: alice.key, reason: 'lost' });
    log.time += WAIT_MS;
    expect(log.codeOf(alice, recoveryCancelled, { index: again })).toBe('actor-removed');
    log.append(laptop, recoveryCompleted, { index: again });
    expect(activeDevices(log.identity.devices).map(({ actor }) => actor)).toEqual([laptop.key]);
  });

  test('[ID10] an old cancellation does not reach a later recovery', () => {
    const { log, index } = recovering();
    log.append(phone, recoveryCancelled, { index });
    log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
    expect(log.codeOf(phone, recoveryCancelled, { index })).toBe('no-such-recovery');
  });

  test('[ID11] is completed by the new device once the log is old enough, not a millisecond before', () => {
    const { log, index } = recovering();
    const ripeAt = log.time + WAIT_MS;
    log.time = ripeAt - 1;
    expect(log.refusalOf(log.event(laptop, recoveryCompleted, { index }))).toEqual({
      code: 'recovery-waiting',
      until: ripeAt,
    });
    log.time = ripeAt;
    for (const actor of [paper, phone, stranger])
      expect(log.codeOf(actor, recoveryCompleted, { index })).toBe('not-permitted');
    expect(log.codeOf(laptop, recoveryCompleted, { index: index - 1 })).toBe('no-such-recovery');
    const completion = log.append(laptop, recoveryCompleted, { index });
    expect(findDevice(log.identity.devices, laptop.key)).toEqual({
      actor: laptop.key,
      name: 'laptop',
      since: completion,
      until: 0,
    });
    expect(log.identity.recovery).toMatchObject({ actor: paper.key, pending: undefined });
    log.append(laptop, deviceRevoked, { device: alice.key, reason: 'lost' });
  });

  test('[ID11] brings an account back that has no device left, and needs no wait where none was set', () => {
    const log = account(0);
    log.append(alice, deviceRevoked, { device: phone.key, reason: 'lost' });
    log.append(alice, deviceRevoked, { device: alice.key, reason: 'lost' });
    const index = log.appendEvent(paper, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
    log.append(laptop, recoveryCompleted, { index });
    expect(activeDevices(log.identity.devices).map(({ actor }) => actor)).toEqual([laptop.key]);
  });

  test('[ID3] finds no room where others came in meanwhile', () => {
    const { log, index } = recovering(0);
    const others = Array.from({ length: MAX_ACTIVE_DEVICES - 2 }, (_, i) => ({
      ...log.identity.devices[0]!,
      actor: new Uint8Array(32).fill(i),
    }));
    const devices = [...log.identity.devices, ...others].sort((a, b) => Buffer.compare(a.actor, b.actor));
    log.state = { kind: 'identity', value: { ...log.identity, devices } };
    expect(log.codeOf(laptop, recoveryCompleted, { index })).toBe('too-many-devices');
  });

  test('[ST1] that begins at the end of time has a state that encodes', () => {
    const log = account();
    const change = transition(log.state, recoveryOf(log, paper, { device: laptop, name: 'laptop' }));
    const state = change.ok ? change.value.apply({ index: 3, relayTime: WHOLE }) : undefined;
    expect(encodeState(state!).length).toBeGreaterThan(0);
  });
});
