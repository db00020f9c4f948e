import { fromBase64Url, toBase64Url } from '../bytes/index.ts';
import { decode, encode, opaque, struct, text, uint32, uint64, version, type Codec } from '../codec/index.ts';
import { SIGNATURE_BYTES, signContent, type VerifyJob } from '../crypto/index.ts';
import { MAX_RELAY_NAME_BYTES } from '../state/index.ts';

const LABEL = 'TeraChat Founding Invitation v1';
/** Random bytes that tell an invitation from others. */
export const INVITATION_ID_BYTES = 16;

/** Header of a founding request that carries an invitation. */
export const INVITATION_HEADER = 'terachat-invitation';

/** Longest code that is parsed; one of ours has 124 characters. */
const MAX_CODE_CHARS = 256;

const terms = {
  version: version(1),
  /** Random; its uses are counted by it. */
  id: opaque(INVITATION_ID_BYTES),
  /** Actors whom it lets in. */
  uses: uint32,
  /** ms since the Unix epoch */
  expiresAt: uint64,
};

/** What the operator signs: bound to one relay, so that a code of another one of the same operator is none here. */
export const foundingTerms = struct('FoundingTerms', { relayName: text(MAX_RELAY_NAME_BYTES), ...terms });

/** The operator's word that so many actors may found chains (`AD3`). */
export const foundingInvitation = struct('FoundingInvitation', { ...terms, signature: opaque(SIGNATURE_BYTES) });

/** What `foundingInvitation` encodes. */
export type FoundingInvitation = typeof foundingInvitation extends Codec<infer T> ? T : never;
/** What the operator chooses of an invitation. */
export type InvitationTerms = Omit<FoundingInvitation, 'signature' | 'version'>;

/** A code for people to pass on. `sign` gives the 64 bytes of Ed25519 by the operator's key over the message. */
export function writeInvitation(
  given: InvitationTerms,
  relayName: string,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  const value = { version: 1, ...given } as const;
  return toBase64Url(encode(foundingInvitation, { ...value, signature: sign(signedBytes(value, relayName)) }));
}

/** Undefined for what is no code in its one spelling. The signature is for the caller to verify. */
export function parseInvitation(code: string): FoundingInvitation | undefined {
  const bytes = code.length > MAX_CODE_CHARS ? undefined : fromBase64Url(code);
  const decoded = bytes && decode(foundingInvitation, bytes);
  return decoded?.ok === true ? decoded.value : undefined;
}

/** What a signature checker is asked about an invitation: `key` is the operator's. */
export function invitationVerifyJob(given: FoundingInvitation, relayName: string, key: Uint8Array): VerifyJob {
  return { key, message: signedBytes(given, relayName), signature: given.signature };
}

function signedBytes(
  { version: number, id, uses, expiresAt }: Omit<FoundingInvitation, 'signature'>,
  relayName: string,
) {
  return signContent(LABEL, encode(foundingTerms, { relayName, version: number, id, uses, expiresAt }));
}
