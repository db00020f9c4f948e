import { opaque, struct, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, defineEvent, SIGNATURE_BYTES } from '../../event/index.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { checkDeviceName, checkRoom, deviceName, putDevice } from './devices.ts';
import { requireDevice, requireNewKey, type IdentityState } from './identity-state.ts';
import { checkPossession } from './possession.ts';

/** A key that is to act for the account, and its own word that it is meant to (`ID2`). */
export const newDevice = {
  device: opaque(ACTOR_BYTES),
  name: deviceName,
  proof: opaque(SIGNATURE_BYTES),
};

const addedDevice = struct('DeviceAdded', newDevice);

/** A new device as an event names it. */
export type NewDevice = Decoded<typeof addedDevice>;

/** Lets a device into the account: it proves that it holds its key, and one that is in signs (`ID2`). */
export const deviceAdded = defineEvent({
  type: 0x0101,
  name: 'identity.device-added',
  ordering: 'strict',
  body: addedDevice,
});

export const deviceAddedRule: Rule<IdentityState, NewDevice> = {
  definition: deviceAdded,
  permit: requireDevice,
  check: checkNewDevice,
  apply: (state, { index }, { device, name }) => ({
    ...state,
    devices: putDevice(state.devices, { actor: device.slice(), name, since: index, until: 0 }),
  }),
};

/** What holds of a device however it comes in. The signature comes last: it costs more than everything before it. */
export function checkNewDevice(
  state: IdentityState,
  position: Position,
  { device, name, proof }: NewDevice,
): RuleRefusal | undefined {
  return (
    checkDeviceName(name) ??
    requireNewKey(state, device) ??
    checkRoom(state.devices) ??
    checkPossession('device', position, { key: device, proof })
  );
}
