import { describe, expect, test } from 'vitest';
import {
  activeDevices,
  admittedAt,
  deviceAdded,
  deviceRenamed,
  deviceRevoked,
  findDevice,
  MAX_ACTIVE_DEVICES,
  MAX_DEVICES,
  readableUntil,
  type Devices,
  type Event,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder, type Actor } from '../../../scripts/vectors/log-builder.ts';
import { identityGenesis } from '../../../scripts/vectors/sample-bodies.ts';
import { additionOf, proofOf, recoverySetting } from '../../../scripts/vectors/sample-identity.ts';

const [alice, phone, tablet, stranger, paper] = ['alice', 'phone', 'tablet', 'stranger', 'paper'].map(actorNamed) as [
  Actor,
  Actor,
  Actor,
  Actor,
  Actor,
];

function account(...devices: readonly Actor[]): LogBuilder {
  const log = new LogBuilder(alice, identityGenesis());
  for (const [i, device] of devices.entries()) {
    log.appendEvent(alice, additionOf(log, alice, { device, name: `device ${i}` }));
  }
  return log;
}

const codeOf = (log: LogBuilder, event: Event): string | undefined => log.refusalOf(event)?.code;

/** Devices that were never there, so many of them still acting. */
function crowd(log: LogBuilder, count: number, until: number): Devices {
  const others = Array.from({ length: count }, (_, i) => {
    const actor = Uint8Array.from(alice.key);
    new DataView(actor.buffer).setUint32(0, i);
    return { actor, name: 'x', since: 1, until };
  });
  return [...others, ...log.identity.devices].sort((a, b) => Buffer.compare(a.actor, b.actor));
}

describe('an account', () => {
  test('[ID1] begins with the key of its genesis as the first device, without a name', () => {
    expect(account().identity).toMatchObject({
      devices: [{ actor: alice.key, name: '', since: 0, until: 0 }],
      recovery: undefined,
    });
  });

  test('[ID2] takes in a device that proves its key, by one that is in; from then on it acts', () => {
    const log = account(phone);
    expect(findDevice(log.identity.devices, phone.key)).toEqual({
      actor: phone.key,
      name: 'device 0',
      since: 1,
      until: 0,
    });
    log.appendEvent(phone, additionOf(log, phone, { device: tablet, name: 'tablet' }));
    expect(activeDevices(log.identity.devices)).toHaveLength(3);
  });

  test('[ID2] takes in nobody by the word of a stranger, or of the new device alone', () => {
    const log = account();
    for (const actor of [stranger, phone])
      expect(codeOf(log, additionOf(log, actor, { device: phone, name: 'phone' }))).toBe('not-permitted');
  });

  test('[ID2] refuses a proof by another key, for another event, account or purpose, and a changed one', () => {
    const [log, other] = [account(), account(tablet)];
    const eventId = new Uint8Array(16).fill(5);
    const attempt = (proof: Uint8Array, fields = { eventId }): string | undefined =>
      codeOf(log, log.event(alice, deviceAdded, { device: phone.key, name: 'phone', proof }, fields));
    const good = proofOf(log, phone, 'device', eventId);
    expect(attempt(good)).toBeUndefined();
    const elsewhere = new LogBuilder(tablet, identityGenesis());
    const bad = [
      proofOf(log, { seed: stranger.seed, key: phone.key }, 'device', eventId),
      proofOf(log, phone, 'device', new Uint8Array(16)),
      proofOf(elsewhere, phone, 'device', eventId),
      proofOf(log, phone, 'recovery', eventId),
      good.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
    ];
    expect(bad.map((proof) => attempt(proof))).toEqual(bad.map(() => 'invalid-proof'));
    expect(attempt(good, { eventId: new Uint8Array(16) })).toBe('invalid-proof');
    expect(other.chain).not.toEqual(elsewhere.chain);
  });

  test('[ID2] refuses a key of small order, for which anybody could sign', () => {
    const log = account();
    const key = new Uint8Array(32);
    key[0] = 1;
    const proof = new Uint8Array(64);
    proof[0] = 1;
    expect(codeOf(log, log.event(alice, deviceAdded, { device: key, name: 'weak', proof }))).toBe('invalid-proof');
  });

  test('[ID3] has at most so many devices at one time, and lists so many for ever', () => {
    const full = account();
    full.state = { kind: 'identity', value: { ...full.identity, devices: crowd(full, MAX_ACTIVE_DEVICES - 1, 0) } };
    expect(full.refusalOf(additionOf(full, alice, { device: phone, name: 'one more' }))).toEqual({
      code: 'too-many-devices',
      limit: MAX_ACTIVE_DEVICES,
      actual: MAX_ACTIVE_DEVICES + 1,
    });
    const old = account();
    old.state = { kind: 'identity', value: { ...old.identity, devices: crowd(old, MAX_DEVICES - 1, 2) } };
    expect(codeOf(old, additionOf(old, alice, { device: phone, name: 'one more' }))).toBe('device-list-full');
    const roomy = account();
    roomy.state = { kind: 'identity', value: { ...roomy.identity, devices: crowd(roomy, MAX_DEVICES - 2, 2) } };
    roomy.appendEvent(alice, additionOf(roomy, alice, { device: phone, name: 'the last' }));
  });

  test('[ID4] names a device anew, by any that is in, and never so that a screen would be at its mercy', () => {
    const log = account(phone);
    log.append(phone, deviceRenamed, { device: alice.key, name: 'Küche 🫖' });
    expect(findDevice(log.identity.devices, alice.key)?.name).toBe('Küche 🫖');
    const bad = ['', '  ', 'a\u0000', 'a\nb', '\u001b[2J', 'a\u202eb', '\u009b', 'a\u2066'];
    const codes = bad.map((name) => log.codeOf(phone, deviceRenamed, { device: alice.key, name }));
    expect(codes).toEqual(bad.map(() => 'invalid-device-name'));
    expect(codeOf(log, additionOf(log, alice, { device: tablet, name: '\n' }))).toBe('invalid-device-name');
    expect(log.codeOf(phone, deviceRenamed, { device: stranger.key, name: 'x' })).toBe('no-such-device');
  });

  test('[ID5] gives a key one part, once: no device twice, none again, none that recovers', () => {
    const log = account(phone);
    const again = () => codeOf(log, additionOf(log, alice, { device: phone, name: 'again' }));
    expect(again()).toBe('key-in-use');
    log.append(alice, deviceRevoked, { device: phone.key, reason: 'lost' });
    expect(again()).toBe('key-in-use');
    expect(codeOf(log, recoverySetting(log, alice, phone, 0))).toBe('key-in-use');
    log.appendEvent(alice, recoverySetting(log, alice, paper, 0));
    expect(codeOf(log, additionOf(log, alice, { device: paper, name: 'paper' }))).toBe('key-in-use');
    expect(codeOf(log, recoverySetting(log, alice, paper, 0))).toBe('key-in-use');
  });

  test('[ID6] ends a device by another one or itself; from then on it does nothing, and is told since when', () => {
    const log = account(phone, tablet);
    const first = log.append(phone, deviceRevoked, { device: alice.key, reason: 'compromised' });
    const second = log.append(tablet, deviceRevoked, { device: tablet.key, reason: 'retired' });
    expect(activeDevices(log.identity.devices).map(({ actor }) => actor)).toEqual([phone.key]);
    for (const [actor, at] of [
      [alice, first],
      [tablet, second],
    ] as const) {
      const refusal = log.refusalOf(log.event(actor, deviceRenamed, { device: phone.key, name: 'mine' }));
      expect(refusal).toEqual({ code: 'actor-removed', at });
    }
    expect(log.codeOf(phone, deviceRevoked, { device: alice.key, reason: 'lost' })).toBe('no-such-device');
    expect(log.codeOf(phone, deviceRenamed, { device: alice.key, name: 'gone' })).toBe('no-such-device');
  });

  test('[ID6] a device that a revoked one let in stays: its own revocation is another event', () => {
    const log = account(phone);
    log.appendEvent(phone, additionOf(log, phone, { device: tablet, name: 'tablet' }));
    log.append(alice, deviceRevoked, { device: phone.key, reason: 'compromised' });
    log.append(tablet, deviceRenamed, { device: tablet.key, name: 'still here' });
  });

  test('[ID7] keeps a device, or a key that brings one back', () => {
    const log = account();
    const leave = { device: alice.key, reason: 'retired' } as const;
    expect(log.codeOf(alice, deviceRevoked, leave)).toBe('last-device');
    log.appendEvent(alice, recoverySetting(log, alice, paper, 0));
    log.append(alice, deviceRevoked, leave);
    expect(activeDevices(log.identity.devices)).toEqual([]);
  });

  test('[AP7] decides between two revocations of each other by which came first', () => {
    const log = account(phone);
    const seenIndex = log.size - 1;
    log.append(alice, deviceRevoked, { device: phone.key, reason: 'lost' }, { seenIndex });
    const late = log.event(phone, deviceRevoked, { device: alice.key, reason: 'lost' }, { seenIndex });
    expect(log.refusalOf(late)).toEqual({ code: 'actor-removed', at: seenIndex + 1 });
    const stale = account(phone);
    stale.append(phone, deviceRenamed, { device: phone.key, name: 'x' });
    expect(stale.codeOf(alice, deviceRenamed, { device: alice.key, name: 'y' })).toBeUndefined();
    const unseen = stale.event(alice, deviceRenamed, { device: alice.key, name: 'y' }, { seenIndex: 1 });
    expect(codeOf(stale, unseen)).toBe('stale-parent');
  });

  test('does not hold on to the bytes that an event came in', () => {
    const log = account();
    const event = additionOf(log, alice, { device: phone, name: 'phone' });
    const admission = log.admit(event);
    event.body.fill(0xff);
    const state = admission.ok ? admission.value.state : log.state;
    expect(state.kind === 'identity' && findDevice(state.value.devices, phone.key)?.name).toBe('phone');
  });
});

describe('reading an account', () => {
  test('[AC3] its devices; who was revoked, up to the revocation', () => {
    const log = account(phone);
    const until = () => [alice, phone, stranger].map(({ key }) => readableUntil(log.state, key));
    expect(until()).toEqual([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, undefined]);
    const revocation = log.append(alice, deviceRevoked, { device: phone.key, reason: 'lost' });
    log.append(alice, deviceRenamed, { device: alice.key, name: 'after' });
    expect(until()).toEqual([Number.MAX_SAFE_INTEGER, revocation, undefined]);
    expect([alice, phone, stranger].map(({ key }) => admittedAt(log.state, key))).toEqual([0, 1, undefined]);
  });
});
