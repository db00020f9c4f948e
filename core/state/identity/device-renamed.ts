import { opaque, struct, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, defineEvent } from '../../event/index.ts';
import type { Rule } from '../rule.ts';
import { activeDevice } from './device-revoked.ts';
import { checkDeviceName, deviceName, putDevice } from './devices.ts';
import { requireDevice, type IdentityState } from './identity-state.ts';

const renamedDevice = struct('DeviceRenamed', { device: opaque(ACTOR_BYTES), name: deviceName });

/** Calls a device something else, by any device of the account (`ID4`). */
export const deviceRenamed = defineEvent({
  type: 0x0103,
  name: 'identity.device-renamed',
  ordering: 'strict',
  body: renamedDevice,
});

export const deviceRenamedRule: Rule<IdentityState, Decoded<typeof renamedDevice>> = {
  definition: deviceRenamed,
  permit: requireDevice,
  check: (state, _position, { device, name }) =>
    checkDeviceName(name) ?? (activeDevice(state, device) === undefined ? { code: 'no-such-device' } : undefined),
  apply: (state, _position, { device, name }) => {
    const held = activeDevice(state, device);
    return held === undefined ? state : { ...state, devices: putDevice(state.devices, { ...held, name }) };
  },
};
