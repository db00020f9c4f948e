import { compareBytes } from '../../bytes/index.ts';
import { opaque, sortedVector, struct, text, uint64, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import type { RuleRefusal } from '../rule.ts';

/** Devices that an account has at one time (`ID3`). */
export const MAX_ACTIVE_DEVICES = 32;
/** Devices that an account has or ever had: who was revoked stays listed, since its reading ends at an index. */
export const MAX_DEVICES = 1_024;
/** UTF-8 bytes of a device's name. */
export const MAX_DEVICE_NAME_BYTES = 64;

/**
 * Control characters, and those that turn the direction of text: a name is shown beside others, in terminals too. Ranges
 * rather than a Unicode property, which would mean another set on another runtime (`ST4`).
 */
// eslint-disable-next-line no-control-regex -- these are what a name must not have
const UNSHOWABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** What a device is called: for people, and never looked up. */
export const deviceName = text(MAX_DEVICE_NAME_BYTES);

const deviceCodec = struct('Device', {
  actor: opaque(ACTOR_BYTES),
  /** Empty for the founding device, until it is named. */
  name: deviceName,
  /** Index of the entry that let it in. */
  since: uint64,
  /** Index of its revocation, or 0. */
  until: uint64,
});

/** A device that an account has or had. */
export type AccountDevice = Decoded<typeof deviceCodec>;
/** Sorted by actor key, so that equal lists encode equally. */
export type Devices = readonly AccountDevice[];
export const devicesCodec = sortedVector(deviceCodec, MAX_DEVICES, (a, b) => compareBytes(a.actor, b.actor));

/** The device with this key, also a revoked one. */
export function findDevice(devices: Devices, actor: Uint8Array): AccountDevice | undefined {
  return devices.find((device) => compareBytes(device.actor, actor) === 0);
}

/** Whether it still acts for the account. Entry 0 revokes nobody, so 0 can say "not revoked". */
export function isActive({ until }: AccountDevice): boolean {
  return until === 0;
}

/** Those that act for the account, in the order of their keys. */
export function activeDevices(devices: Devices): Devices {
  return devices.filter(isActive);
}

/** The list with this device in the place of the one that has its key, or added. */
export function putDevice(devices: Devices, device: AccountDevice): Devices {
  const others = devices.filter(({ actor }) => compareBytes(actor, device.actor) !== 0);
  const at = others.findIndex(({ actor }) => compareBytes(actor, device.actor) > 0);
  return at < 0 ? [...others, device] : [...others.slice(0, at), device, ...others.slice(at)];
}

/** `ID3`: whether one more device finds room. */
export function checkRoom(devices: Devices): RuleRefusal | undefined {
  if (devices.length >= MAX_DEVICES) {
    return { code: 'device-list-full', limit: MAX_DEVICES, actual: devices.length + 1 };
  }
  const active = activeDevices(devices).length;
  return active < MAX_ACTIVE_DEVICES
    ? undefined
    : { code: 'too-many-devices', limit: MAX_ACTIVE_DEVICES, actual: active + 1 };
}

/** `ID4`: something that can be shown. */
export function checkDeviceName(name: string): RuleRefusal | undefined {
  return name.trim() === '' || UNSHOWABLE.test(name) ? { code: 'invalid-device-name' } : undefined;
}
