import {
  ACTOR_BYTES,
  decode,
  encode,
  equalBytes,
  EVENT_ID_BYTES,
  fromBase64Url,
  HASH_BYTES,
  mailboxToken,
  MAX_DEVICE_NAME_BYTES,
  opaque,
  parseActorKey,
  SIGNATURE_BYTES,
  struct,
  text,
  toBase64Url,
  version,
  type ActorKey,
  type Decoded,
  type MailboxToken,
} from '../../core/index.ts';
import { comparable } from '../actor-name.ts';
import { UsageError } from '../errors.ts';

const CHECK_LABEL = 'TeraChat Pairing v1';
/** Longest code that is looked at. */
const MAX_CODE_CHARS = 512;

/** What the new device shows (`ID12`): leave to write to it, which names its key. */
export const pairingOffer = struct('PairingOffer', { version: version(1), token: mailboxToken });

/** What a device of the account writes to the new one (`ID13`). */
export const pairingRequest = struct('PairingRequest', {
  version: version(1),
  /** The account. */
  chain: opaque(HASH_BYTES),
  /** Of the event that is to let the new device in. */
  eventId: opaque(EVENT_ID_BYTES),
  /** Leave to answer. */
  reply: mailboxToken,
});

/** What the new device answers (`ID14`). */
export const pairingAnswer = struct('PairingAnswer', {
  version: version(1),
  eventId: opaque(EVENT_ID_BYTES),
  name: text(MAX_DEVICE_NAME_BYTES),
  proof: opaque(SIGNATURE_BYTES),
});

/** What both devices must have the same view of, and show as a check (`ID15`). */
export const pairingTerms = struct('PairingTerms', {
  chain: opaque(HASH_BYTES),
  eventId: opaque(EVENT_ID_BYTES),
  /** The device of the account that lets the new one in. */
  introducer: opaque(ACTOR_BYTES),
  device: opaque(ACTOR_BYTES),
});

/** `k7fq-2mxd-xw3n-abcd`: 80 bits, so that nobody finds another key or account with the same check. */
export function pairingCheck(terms: Decoded<typeof pairingTerms>): string {
  return comparable(CHECK_LABEL, encode(pairingTerms, terms));
}

export function writeOffer(token: MailboxToken): string {
  return toBase64Url(encode(pairingOffer, { version: 1, token }));
}

/** Rejects what is no code in its one spelling. Whether its token is genuine is for the mailbox to say. */
export function parseOffer(code: string): { readonly device: ActorKey; readonly token: MailboxToken } {
  const bytes = code.length > MAX_CODE_CHARS ? undefined : fromBase64Url(code.trim());
  const offer = bytes && decode(pairingOffer, bytes);
  const token = offer?.ok === true ? offer.value.token : undefined;
  const device = token && parseActorKey(token.owner);
  if (token !== undefined && device !== undefined) return { device, token };
  throw new UsageError('pairing-code-invalid', 'this is no pairing code, or not all of one');
}

/** Undefined for what is no request. */
export function readRequest(content: Uint8Array | undefined): Decoded<typeof pairingRequest> | undefined {
  const request = content && decode(pairingRequest, content);
  return request?.ok === true ? request.value : undefined;
}

/** Undefined for what is no answer, or one to another request. */
export function readAnswer(
  content: Uint8Array | undefined,
  eventId: Uint8Array,
): Decoded<typeof pairingAnswer> | undefined {
  const answer = content && decode(pairingAnswer, content);
  return answer?.ok === true && equalBytes(answer.value.eventId, eventId) ? answer.value : undefined;
}
