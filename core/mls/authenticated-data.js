import { decode, encode, opaque, struct } from '../codec/index.ts';
import { ACTOR_BYTES, EVENT_ID_BYTES } from '../event/index.ts';
const authenticatedDataCodec = struct('AuthenticatedData', {
    actor: opaque(ACTOR_BYTES),
    eventId: opaque(EVENT_ID_BYTES),
});
export function encodeAuthenticatedData(data) {
    return encode(authenticatedDataCodec, data);
}
/** Undefined for anything but the 48 bytes of an actor and an event id. */
export function parseAuthenticatedData(bytes) {
    const data = decode(authenticatedDataCodec, bytes);
    return data.ok ? data.value : undefined;
}
