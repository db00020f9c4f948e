import type { Brand } from '../bytes/index.ts';
import { SIGNATURE_BYTES } from '../crypto/index.ts';
import { HASH_BYTES } from '../merkle/index.ts';
import { opaque, opaqueVector, struct, uint16, uint64, version, type Decoded } from '../codec/index.ts';

export { HASH_BYTES, SIGNATURE_BYTES };
/** An actor is its Ed25519 public key. */
export const ACTOR_BYTES = 32;
/** Chosen by the actor, unique among its events of a chain (`AP5`, `EV5`). */
export const EVENT_ID_BYTES = 16;
/** The C2SP bound on a log entry; tiles carry entries behind a 16-bit length. */
export const MAX_ENTRY_BYTES = 65_535;
/** What an entry adds around its event: index, prev, time, signature and length prefixes, rounded up. */
const ENTRY_OVERHEAD_BYTES = 128;
/** Largest encoding of an event (`AP1`). */
export const MAX_EVENT_BYTES = MAX_ENTRY_BYTES - ENTRY_OVERHEAD_BYTES;
/** Label of the signature over an event (`EV1`). */
export const EVENT_LABEL = 'TeraChat Event v1';

/** SHA-256 of a chain's signed genesis; also the MLS group id. */
export type ChainId = Brand<Uint8Array, 'ChainId'>;

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

export type Event = Decoded<typeof eventTbs>;

/** An event as the relay sequenced it (`EV2`). */
export const entryCodec = struct('Entry', {
  index: uint64,
  prev: opaque(HASH_BYTES),
  relayTime: uint64,
  event: opaqueVector(MAX_EVENT_BYTES),
  signature: opaque(SIGNATURE_BYTES),
});

export type Entry = Decoded<typeof entryCodec>;

/** A parsed event beside the bytes that were signed. Its signature is not checked yet. */
export interface SignedEvent {
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly event: Event;
}

/** A signed event whose signature passed the admission rule. Only `event/verification.ts` mints it. */
export type VerifiedEvent = Brand<SignedEvent, 'VerifiedEvent'>;
