import { decode } from '../codec/index.ts';
import { err, ok } from '../result.ts';
import { eventTbs, HASH_BYTES, MAX_EVENT_BYTES, SIGNATURE_BYTES } from './event.ts';
/** Size first, then the one encoding (`AP1`, `AP2`). Nothing is copied: the result views the input. */
export function parseSignedEvent(tbs, signature) {
    if (tbs.length > MAX_EVENT_BYTES) {
        return err({ code: 'event-too-large', limitBytes: MAX_EVENT_BYTES, actualBytes: tbs.length });
    }
    if (signature.length !== SIGNATURE_BYTES)
        return err({ code: 'malformed-signature' });
    const parsed = decode(eventTbs, tbs);
    if (!parsed.ok)
        return parsed;
    const chainBytes = parsed.value.chain.length;
    if (chainBytes !== 0 && chainBytes !== HASH_BYTES) {
        return err({ code: 'malformed', reason: 'invalid-length', offset: CHAIN_OFFSET });
    }
    return ok({ tbs, signature, event: parsed.value });
}
/** `chain` follows the version. */
const CHAIN_OFFSET = 2;
