import { encode, opaque, struct, type Decoded } from '../../codec/index.ts';
import { checkSignaturesAtOnce, signContent } from '../../crypto/index.ts';
import { ACTOR_BYTES, EVENT_ID_BYTES, HASH_BYTES } from '../../event/index.ts';
import type { Position, RuleRefusal } from '../rule.ts';

const LABELS = { device: 'TeraChat Device v1', recovery: 'TeraChat Recovery Key v1' } as const;

/** What a key signs to be taken into an account (`ID2`). */
export const keyPossession = struct('KeyPossession', {
  /** The account's chain. */
  chain: opaque(HASH_BYTES),
  /** Of the event that takes it in: the signature serves no other one. */
  eventId: opaque(EVENT_ID_BYTES),
  key: opaque(ACTOR_BYTES),
});

/** What `keyPossession` encodes. */
export type KeyPossession = Decoded<typeof keyPossession>;

/** What a key is taken in as. */
export type KeyPurpose = keyof typeof LABELS;

/** The bytes that a key signs to show that somebody holds it, who wants this account to have it, by this event (`ID2`). */
export function possessionContent(purpose: KeyPurpose, possession: KeyPossession): Uint8Array {
  return signContent(LABELS[purpose], encode(keyPossession, possession));
}

/**
 * `ID2`. Without it a device could enter somebody else's key into its account, and have that person's doings count as its
 * own. Verified here and not with the signatures of entries: it is the state that makes it matter, and it is rare.
 */
export function checkPossession(
  purpose: KeyPurpose,
  { chain, eventId, verify = checkSignaturesAtOnce }: Pick<Position, 'chain' | 'eventId' | 'verify'>,
  { key, proof }: { readonly key: Uint8Array; readonly proof: Uint8Array },
): RuleRefusal | undefined {
  const message = possessionContent(purpose, { chain, eventId, key });
  return verify([{ key, message, signature: proof }])[0] === true ? undefined : { code: 'invalid-proof' };
}
