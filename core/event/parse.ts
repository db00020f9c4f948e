import { decode, type DecodeRefusal } from '../codec/index.ts';
import { err, ok, type Result } from '../result.ts';
import { eventTbs, HASH_BYTES, MAX_EVENT_BYTES, SIGNATURE_BYTES, type SignedEvent } from './event.ts';

/** Why bytes are no signed event. */
export type ParseRefusal =
  | DecodeRefusal
  | { readonly code: 'event-too-large'; readonly limitBytes: number; readonly actualBytes: number }
  | { readonly code: 'malformed-signature' };

/** Size first, then the one encoding (`AP1`, `AP2`). Nothing is copied: the result views the input. */
export function parseSignedEvent(tbs: Uint8Array, signature: Uint8Array): Result<SignedEvent, ParseRefusal> {
  if (tbs.length > MAX_EVENT_BYTES) {
    return err({ code: 'event-too-large', limitBytes: MAX_EVENT_BYTES, actualBytes: tbs.length });
  }
  if (signature.length !== SIGNATURE_BYTES) return err({ code: 'malformed-signature' });
  const parsed = decode(eventTbs, tbs);
  if (!parsed.ok) return parsed;
  const chainBytes = parsed.value.chain.length;
  if (chainBytes !== 0 && chainBytes !== HASH_BYTES) {
    return err({ code: 'malformed', reason: 'invalid-length', offset: CHAIN_OFFSET });
  }
  return ok({ tbs, signature, event: parsed.value });
}

/** `chain` follows the version. */
const CHAIN_OFFSET = 2;
