export { applicationOrdering, defineEvent, FIRST_APPLICATION_TYPE, FIRST_STRICT_APPLICATION_TYPE, } from './define-event.ts';
export { ACTOR_BYTES, entryCodec, EVENT_ID_BYTES, EVENT_LABEL, eventTbs, HASH_BYTES, MAX_ENTRY_BYTES, MAX_EVENT_BYTES, SIGNATURE_BYTES, } from './event.ts';
export { parseSignedEvent } from './parse.ts';
export { eventSignContent, eventVerifyJob, keepVerified } from './verification.ts';
