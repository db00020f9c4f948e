import { choice, opaque, struct, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, defineEvent } from '../../event/index.ts';
import type { Rule } from '../rule.ts';
import { activeDevices, findDevice, isActive, putDevice, type AccountDevice } from './devices.ts';
import { requireDevice, type IdentityState } from './identity-state.ts';

const reasonCodec = choice('RevocationReason', { other: 0, lost: 1, compromised: 2, replaced: 3, retired: 4 });

/** Why a device was revoked: for people, and the same to every rule. */
export type RevocationReason = Decoded<typeof reasonCodec>;

const revokedDevice = struct('DeviceRevoked', { device: opaque(ACTOR_BYTES), reason: reasonCodec });

/** Takes a device out of the account for good, by another one or itself (`ID6`). */
export const deviceRevoked = defineEvent({
  type: 0x0102,
  name: 'identity.device-revoked',
  ordering: 'strict',
  body: revokedDevice,
});

export const deviceRevokedRule: Rule<IdentityState, Decoded<typeof revokedDevice>> = {
  definition: deviceRevoked,
  permit: requireDevice,
  check: (state, _position, { device }) => {
    const held = activeDevice(state, device);
    if (held === undefined) return { code: 'no-such-device' };
    const isLast = activeDevices(state.devices).length === 1;
    return isLast && state.recovery === undefined ? { code: 'last-device' } : undefined;
  },
  apply: (state, { index }, { device }) => {
    const held = activeDevice(state, device);
    return held === undefined ? state : { ...state, devices: putDevice(state.devices, { ...held, until: index }) };
  },
};

/** The device with this key, where it still acts for the account. */
export function activeDevice({ devices }: IdentityState, actor: Uint8Array): AccountDevice | undefined {
  const device = findDevice(devices, actor);
  return device !== undefined && isActive(device) ? device : undefined;
}
