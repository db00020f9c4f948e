import {
  deviceAdded,
  possessionContent,
  recoverySet,
  recoveryStarted,
  signEd25519,
  type Event,
  type KeyPurpose,
} from '../../core/index.ts';
import type { Actor, EventFields, LogBuilder } from './log-builder.ts';
import { hashOf } from './sample-bodies.ts';

/** A key's word that it wants to be in the builder's account, by the event with this id. */
export function proofOf(log: LogBuilder, { seed, key }: Actor, purpose: KeyPurpose, eventId: Uint8Array): Uint8Array {
  return signEd25519(seed, possessionContent(purpose, { chain: log.chain, eventId, key }));
}

interface Entrant {
  readonly device: Actor;
  readonly name: string;
}

/** `actor` takes a device in; its proof is for this event. */
export function additionOf(
  log: LogBuilder,
  actor: Actor,
  { device, name }: Entrant,
  { definition = deviceAdded, ...fields }: EventFields & { readonly definition?: typeof deviceAdded } = {},
): Event {
  const eventId = hashOf(`${name} at ${log.size}`).subarray(0, 16);
  const proof = proofOf(log, device, 'device', eventId);
  return log.event(actor, definition, { device: device.key, name, proof }, { eventId, ...fields });
}

/** The recovery key asks for a device. */
export function recoveryOf(log: LogBuilder, actor: Actor, entrant: Entrant, fields: EventFields = {}): Event {
  return additionOf(log, actor, entrant, { definition: recoveryStarted, ...fields });
}

/** A device sets a recovery key. */
export function recoverySetting(
  log: LogBuilder,
  actor: Actor,
  recovery: Actor,
  waitingMs: number,
  fields: EventFields = {},
): Event {
  const eventId = hashOf(`recovery at ${log.size}`).subarray(0, 16);
  const proof = proofOf(log, recovery, 'recovery', eventId);
  return log.event(actor, recoverySet, { recovery: { key: recovery.key, waitingMs, proof } }, { eventId, ...fields });
}
