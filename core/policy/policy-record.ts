import { encode, opaque, opaqueVector, struct, uint16, uint64, version, type Decoded } from '../codec/index.ts';
import { ACTOR_BYTES, MAX_EVENT_BYTES, type Event } from '../event/index.ts';

/** What a policy of a chain gets to see of an event (`PX7`): who, when by the relay's clock, and what. */
export const policyRecord = struct('PolicyRecord', {
  version: version(1),
  actor: opaque(ACTOR_BYTES),
  relayTime: uint64,
  type: uint16,
  body: opaqueVector(MAX_EVENT_BYTES),
});

/** What `policyRecord` encodes. */
export type PolicyRecord = Decoded<typeof policyRecord>;

/** The record of an event that the relay takes at this time, as a policy reads it. */
export function encodePolicyRecord(
  { actor, type, body }: Pick<Event, 'actor' | 'type' | 'body'>,
  relayTime: number,
): Uint8Array {
  return encode(policyRecord, { version: 1, actor, relayTime, type, body });
}
