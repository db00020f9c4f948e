import {
  encode,
  EVENT_ID_BYTES,
  eventSignContent,
  eventTbs,
  keepVerified,
  parseSignedEvent,
  sha256,
  signContent,
  type EventDefinition,
} from '../core/index.ts';
import type { ChainHead } from './ports.ts';
import type { Candidate } from './submission.ts';

const KEY_LABEL = 'TeraChat Relay Actor Key v1';

/** The actor that a relay appends events by. `sign` returns the 64 bytes of Ed25519 over the message. */
export interface RelayActor {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/**
 * The seed of the relay's actor, from that of its checkpoint key. A key of its own: what it signs can then never be taken for
 * a checkpoint, nor a checkpoint for an event.
 */
export function relayActorSeed(checkpointSeed: Uint8Array): Uint8Array {
  return sha256(signContent(KEY_LABEL, checkpointSeed));
}

/** What the relay itself has to say in a chain. */
export interface RelayEvent<Body> {
  readonly definition: EventDefinition<Body>;
  readonly body: Body;
  readonly eventId: Uint8Array;
  readonly clock: number;
  readonly payload?: Uint8Array;
}

/** An event of the relay's own on top of a head, ready to be decided as any other. */
export function relayCandidate<Body>(
  { chain, size, leaf }: ChainHead,
  { definition, body, eventId, clock, payload }: RelayEvent<Body>,
  { publicKey, sign }: RelayActor,
): Candidate {
  if (eventId.length !== EVENT_ID_BYTES) throw new RangeError('an event id has 16 bytes');
  const tbs = encode(eventTbs, {
    version: 1,
    chain,
    seenIndex: size - 1,
    seenHash: leaf,
    actor: publicKey,
    actorTime: clock,
    eventId,
    type: definition.type,
    body: definition.encodeBody(body),
  });
  const signed = parseSignedEvent(tbs, sign(eventSignContent(tbs)));
  const [verified] = signed.ok ? keepVerified([signed.value], [true]) : [];
  if (verified === undefined) throw new Error('the relay made an event that is none');
  return { signed: verified, payload };
}
