import { SIGNATURE_BYTES } from '../crypto/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { opaque, opaqueVector, struct, uint16, uint64, version } from '../codec/index.ts';
export { HASH_BYTES, SIGNATURE_BYTES };
export const ACTOR_BYTES = 32;
export const EVENT_ID_BYTES = 16;
/** The C2SP bound on a log entry; tiles carry entries behind a 16-bit length. */
export const MAX_ENTRY_BYTES = 65_535;
/** What an entry adds around its event: index, prev, time, signature and length prefixes, rounded up. */
const ENTRY_OVERHEAD_BYTES = 128;
export const MAX_EVENT_BYTES = MAX_ENTRY_BYTES - ENTRY_OVERHEAD_BYTES;
export const EVENT_LABEL = 'TeraChat Event v1';
/** What an actor signs (`EV1`). */
export const eventTbs = struct('EventTBS', {
    version: version(1),
    chain: opaqueVector(HASH_BYTES),
    seenIndex: uint64,
    seenHash: opaque(HASH_BYTES),
    actor: opaque(ACTOR_BYTES),
    actorTime: uint64,
    eventId: opaque(EVENT_ID_BYTES),
    type: uint16,
    body: opaqueVector(MAX_EVENT_BYTES),
});
/** An event as the relay sequenced it (`EV2`). */
export const entryCodec = struct('Entry', {
    index: uint64,
    prev: opaque(HASH_BYTES),
    relayTime: uint64,
    event: opaqueVector(MAX_EVENT_BYTES),
    signature: opaque(SIGNATURE_BYTES),
});
