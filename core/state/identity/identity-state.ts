import { compareBytes } from '../../bytes/index.ts';
import { opaque, sortedVector, struct, uint64, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import { genesisBody, type Genesis } from '../genesis.ts';

const MAX_DEVICES = 256;

const deviceCodec = struct('Device', {
  actor: opaque(ACTOR_BYTES),
  /** Index of the entry that added it. */
  since: uint64,
});

export const identityStateCodec = struct('IdentityState', {
  genesis: genesisBody,
  lastStrictIndex: uint64,
  devices: sortedVector(deviceCodec, MAX_DEVICES, (a, b) => compareBytes(a.actor, b.actor)),
});

export type IdentityState = Decoded<typeof identityStateCodec>;

/** The key that signs the genesis is the account's first device. */
export function foundIdentity(genesis: Genesis, founder: Uint8Array): IdentityState {
  return { genesis, lastStrictIndex: 0, devices: [{ actor: founder.slice(), since: 0 }] };
}
