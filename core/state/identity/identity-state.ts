import { equalBytes } from '../../bytes/index.ts';
import { struct, uint64, type Decoded } from '../../codec/index.ts';
import { genesisBody, type Genesis } from '../genesis.ts';
import type { RuleRefusal } from '../rule.ts';
import { devicesCodec, findDevice, isActive } from './devices.ts';
import { recoveryCodec } from './recovery.ts';

export const identityStateCodec = struct('IdentityState', {
  genesis: genesisBody,
  lastStrictIndex: uint64,
  devices: devicesCodec,
  recovery: recoveryCodec,
});

/** An account: its devices, and how it is recovered. */
export type IdentityState = Decoded<typeof identityStateCodec>;

/** The key that signs the genesis is the account's first device (`ID1`). */
export function foundIdentity(genesis: Genesis, founder: Uint8Array): IdentityState {
  const device = { actor: founder.slice(), name: '', since: 0, until: 0 };
  return { genesis, lastStrictIndex: 0, devices: [device], recovery: undefined };
}

/** Refuses who is no device of the account. Tells one that was revoked since when, and a stranger nothing at all. */
export function requireDevice({ devices }: IdentityState, actor: Uint8Array): RuleRefusal | undefined {
  const device = findDevice(devices, actor);
  if (device === undefined) return { code: 'not-permitted' };
  return isActive(device) ? undefined : { code: 'actor-removed', at: device.until };
}

/** `ID5`: a key has one part in an account, once. A device that was revoked never comes back under the same key. */
export function requireNewKey({ devices, recovery }: IdentityState, key: Uint8Array): RuleRefusal | undefined {
  const isRecovery = recovery !== undefined && equalBytes(recovery.actor, key);
  return isRecovery || findDevice(devices, key) !== undefined ? { code: 'key-in-use' } : undefined;
}

/** Index of the entry that gave this actor its part in the account, and the last that it may read; undefined for strangers. */
export function accessOf(
  { devices, recovery }: IdentityState,
  actor: Uint8Array,
): { readonly since: number; readonly until: number } | undefined {
  const device = findDevice(devices, actor);
  if (device !== undefined) return { since: device.since, until: isActive(device) ? WITHOUT_END : device.until };
  // Who recovers must be able to read what it signs over (`AP7`), and to see whether a device has cancelled it.
  const part = [recovery, recovery?.pending && { actor: recovery.pending.device, since: recovery.pending.since }];
  const since = part.find((held) => held !== undefined && equalBytes(held.actor, actor))?.since;
  return since === undefined ? undefined : { since, until: WITHOUT_END };
}

const WITHOUT_END = Number.MAX_SAFE_INTEGER;
