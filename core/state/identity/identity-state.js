import { compareBytes } from '../../bytes/index.ts';
import { opaque, sortedVector, struct, uint64 } from '../../codec/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import { genesisBody } from '../genesis.ts';
export const MAX_DEVICES = 256;
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
/** The key that signs the genesis is the account's first device. */
export function foundIdentity(genesis, founder) {
    return { genesis, lastStrictIndex: 0, devices: [{ actor: founder.slice(), since: 0 }] };
}
