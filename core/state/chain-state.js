import { equalBytes } from '../bytes/index.ts';
import { decode, encode, variant } from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import { chainKind } from './genesis.ts';
import { groupStateCodec } from './group/group-state.ts';
import { findMember } from './group/roster.ts';
import { identityStateCodec } from './identity/identity-state.ts';
const chainStateCodec = variant('ChainState', chainKind, {
    identity: identityStateCodec,
    group: groupStateCodec,
});
export function encodeState(state) {
    return encode(chainStateCodec, state);
}
/** Returns undefined for bytes that are no state: a snapshot is a cache, and a bad one is dropped (`ST3`). */
export function parseState(bytes) {
    const parsed = decode(chainStateCodec, bytes);
    return parsed.ok ? parsed.value : undefined;
}
export function viewState(state) {
    return chainStateCodec.view(state);
}
/** SHA-256 of the canonical encoding (`ST2`). Returns 32 bytes. */
export function stateDigest(state) {
    return sha256(encodeState(state));
}
/** The last index that an actor may read, if any (`AC3`): those removed read up to and including their removal. */
export function readableUntil(state, actor) {
    if (state.value.genesis.visibility === 'public')
        return Number.MAX_SAFE_INTEGER;
    if (actor === undefined)
        return undefined;
    if (state.kind === 'identity')
        return findDevice(state.value, actor) && Number.MAX_SAFE_INTEGER;
    const member = findMember(state.value.roster, actor);
    if (member === undefined)
        return undefined;
    return member.role === 'none' ? member.until : Number.MAX_SAFE_INTEGER;
}
/** Index of the entry that let this actor in; undefined for strangers. */
export function admittedAt(state, actor) {
    if (state.kind === 'group')
        return findMember(state.value.roster, actor)?.since;
    return findDevice(state.value, actor)?.since;
}
function findDevice({ devices }, actor) {
    return devices.find((device) => equalBytes(device.actor, actor));
}
