import { MEDIA_TYPE } from '../../core/index.ts';

/**
 * Sent with every answer (`HT4`, `HT5`). Any origin may call, but never with the browser's own credentials: a request is
 * authorised by a signature that only the page itself can make. Answers are somebody's bytes, so no browser may sniff,
 * frame or run them.
 */
const COMMON = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'accept-signature, location, retry-after',
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  vary: 'accept',
  'x-content-type-options': 'nosniff',
} as const;

/** The common headers, a content type, and what one answer adds or replaces. */
export function responseHeaders(contentType: string, extra?: Readonly<Record<string, string>>): Headers {
  return new Headers({ ...COMMON, 'content-type': contentType, ...extra });
}

/** Headers of an answer without a body. */
export function emptyHeaders(extra?: Readonly<Record<string, string>>): Headers {
  return new Headers({ ...COMMON, ...extra });
}

/** Built once: copying a Headers object costs a fraction of reading a dictionary, and appends are many. */
export const BINARY_HEADERS: Headers = responseHeaders(MEDIA_TYPE);

/** How long a browser may remember a preflight: the longest that any of them honours. */
const PREFLIGHT_SECONDS = '86400';

/** The answer to every CORS preflight (`HT5`); it discloses nothing, so it needs no route. */
export function preflightResponse(): Response {
  const headers = emptyHeaders({
    'access-control-allow-methods': 'GET, HEAD, POST, PUT',
    'access-control-allow-headers': 'accept, content-digest, content-type, signature, signature-input',
    'access-control-max-age': PREFLIGHT_SECONDS,
  });
  return new Response(null, { status: 204, headers });
}
