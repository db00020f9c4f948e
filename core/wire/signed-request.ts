import { fromBase64, toBase64, toBase64Url } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { MAX_REQUEST_LIFETIME_S } from './limits.ts';

/**
 * What a request signature covers (RFC 9421 §2, `RQ1`): everything that decides what the request means and where it goes.
 * A request without a body signs the digest of nothing, so that no body can be slipped under it.
 */
export const SIGNED_COMPONENTS = ['@method', '@authority', '@path', '@query', 'content-digest'] as const;
/** The RFC 9421 signature label and `tag` of this protocol. */
export const REQUEST_SIGNATURE_LABEL = 'terachat';
/** Random bytes of a nonce (`RQ2`). */
export const REQUEST_NONCE_BYTES = 16;

/** The Content-Digest header of a body (RFC 9530). */
export function contentDigest(body: Uint8Array): string {
  return digestField(sha256(body));
}

/** Content-Digest or Repr-Digest of what has this SHA-256. */
export function digestField(hash: Uint8Array): string {
  return `sha-256=:${toBase64(hash)}:`;
}

/** The SHA-256 in such a header; undefined for another algorithm, for more than one, and for anything else. */
export function parseDigestField(field: string | null): Uint8Array | undefined {
  const encoded = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(field ?? '')?.[1];
  return encoded === undefined ? undefined : fromBase64(encoded);
}

/**
 * What a signature that this actor makes now says of itself (`RQ2`). `nonce` is REQUEST_NONCE_BYTES random bytes that were
 * never used before.
 */
export function requestSignatureParameters(
  actor: Uint8Array,
  nowMs: number,
  nonce: Uint8Array,
): Readonly<Record<'created' | 'expires', number> & Record<'nonce' | 'alg' | 'keyid', string>> {
  const created = Math.floor(nowMs / 1000);
  return {
    created,
    expires: created + MAX_REQUEST_LIFETIME_S,
    nonce: toBase64Url(nonce),
    alg: 'ed25519',
    keyid: toBase64Url(actor),
  };
}
