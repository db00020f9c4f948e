import { equalBytes, sha256, type VerifiedEvent } from '../core/index.ts';
import { parseAuthenticatedData, type MlsHandshake } from '../core/mls/index.ts';

/** The handshake itself says which event carries it, so that nobody can wrap another member's in an own event (`ML4`). */
export function namesEvent({ authenticatedData }: MlsHandshake, event: VerifiedEvent['event']): boolean {
  const data = parseAuthenticatedData(authenticatedData);
  return data !== undefined && equalBytes(data.actor, event.actor) && equalBytes(data.eventId, event.eventId);
}

/** Whether an event that says this hash and size means these bytes. */
export function isNamed(bytes: Uint8Array, hash: Uint8Array, size: number): boolean {
  return bytes.length === size && equalBytes(sha256(bytes), hash);
}
