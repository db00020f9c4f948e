import { toBase64 } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';

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
  return `sha-256=:${toBase64(sha256(body))}:`;
}
