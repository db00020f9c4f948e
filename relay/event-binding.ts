import { equalBytes, sha256, type ChainState, type VerifiedEvent } from '../core/index.ts';
import { parseAuthenticatedData, type MlsHandshake } from '../core/mls/index.ts';
import { mlsChoicesOf } from './group-terms.ts';

/**
 * The message itself says which event carries it, so that nobody can wrap another member's in an own event (`ML4`). Where the
 * genesis leaves that open, any does.
 */
export function namesEvent(
  { authenticatedData }: Pick<MlsHandshake, 'authenticatedData'>,
  event: VerifiedEvent['event'],
  state: ChainState,
): boolean {
  if (mlsChoicesOf(state)?.authenticatedData === 'optional') return true;
  const data = parseAuthenticatedData(authenticatedData);
  return data !== undefined && equalBytes(data.actor, event.actor) && equalBytes(data.eventId, event.eventId);
}

/** Whether an event that says this hash and size means these bytes. */
export function isNamed(bytes: Uint8Array, hash: Uint8Array, size: number): boolean {
  return bytes.length === size && equalBytes(sha256(bytes), hash);
}
