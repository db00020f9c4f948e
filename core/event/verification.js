import { signContent } from '../crypto/index.ts';
import { EVENT_LABEL } from './event.ts';
/** The bytes under an event's signature: `SignContent` of RFC 9420 §5.1.2 with our label. */
export function eventSignContent(tbs) {
    return signContent(EVENT_LABEL, tbs);
}
export function eventVerifyJob({ event, tbs, signature }) {
    return { key: event.actor, message: eventSignContent(tbs), signature };
}
/**
 * Keeps the events whose signature passed (`AP4`); the others become undefined in their place. `verdicts` must come from
 * a signature checker over `eventVerifyJob` of these events in this order.
 */
export function keepVerified(events, verdicts) {
    if (verdicts.length !== events.length)
        throw new Error('one verdict per event');
    return events.map((event, i) => (verdicts[i] === true ? event : undefined));
}
