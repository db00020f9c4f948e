import { signContent, type VerifyJob } from '../crypto/index.ts';
import { EVENT_LABEL, type SignedEvent, type VerifiedEvent } from './event.ts';

/** The bytes under an event's signature: `SignContent` of RFC 9420 §5.1.2 with our label. */
export function eventSignContent(tbs: Uint8Array): Uint8Array {
  return signContent(EVENT_LABEL, tbs);
}

/** What a signature checker is asked about an event (`AP4`). */
export function eventVerifyJob({ event, tbs, signature }: SignedEvent): VerifyJob {
  return { key: event.actor, message: eventSignContent(tbs), signature };
}

/**
 * Keeps the events whose signature passed (`AP4`); the others become undefined in their place. `verdicts` must come from
 * a signature checker over `eventVerifyJob` of these events in this order.
 */
export function keepVerified(
  events: readonly SignedEvent[],
  verdicts: readonly boolean[],
): readonly (VerifiedEvent | undefined)[] {
  if (verdicts.length !== events.length) throw new Error('one verdict per event');
  return events.map((event, i) => (verdicts[i] === true ? (event as VerifiedEvent) : undefined));
}
