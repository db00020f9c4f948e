import { decode, encode, opaque, struct, type Decoded } from '../codec/index.ts';
import { ACTOR_BYTES, EVENT_ID_BYTES } from '../event/index.ts';

const authenticatedDataCodec = struct('AuthenticatedData', {
  actor: opaque(ACTOR_BYTES),
  eventId: opaque(EVENT_ID_BYTES),
});

/** What the `authenticated_data` of a message or commit says: the event that carries it (`ML4`). */
export type AuthenticatedData = Decoded<typeof authenticatedDataCodec>;

export function encodeAuthenticatedData(data: AuthenticatedData): Uint8Array {
  return encode(authenticatedDataCodec, data);
}

/** Undefined for anything but the 48 bytes of an actor and an event id. */
export function parseAuthenticatedData(bytes: Uint8Array): AuthenticatedData | undefined {
  const data = decode(authenticatedDataCodec, bytes);
  return data.ok ? data.value : undefined;
}
