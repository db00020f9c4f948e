import { INVITATION_HEADER, MEDIA_TYPE } from '../../core/index.ts';

export type HeaderValues = Readonly<Record<string, string>>;

/**
 * Sent with every answer (`HT4`, `HT5`). Any origin may call, but never with the browser's own credentials: a request is
 * authorised by a signature that only the page itself can make. Answers are somebody's bytes, so no browser may sniff,
 * frame or run them. Few on purpose: appends pay for each of them.
 */
const COMMON: HeaderValues = {
  'access-control-allow-origin': '*',
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
};

/** Besides, for what people open in a browser. */
export const PAGE_HEADERS: HeaderValues = {
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
};

/** What a page's script may read of an answer, where it says more than its type and length. */
const EXPOSED =
  'accept-signature, content-range, etag, location, repr-digest, retry-after, terachat-expires-at, upload-offset';

/** The common headers, a content type, and what one answer adds or replaces. */
export function responseHeaders(contentType: string | undefined, extra?: HeaderValues): Headers {
  const headers = new Headers({ ...COMMON, ...extra });
  if (contentType !== undefined) headers.set('content-type', contentType);
  if (extra !== undefined) headers.set('access-control-expose-headers', EXPOSED);
  return headers;
}

/** Built once: copying a Headers object costs a fraction of reading a dictionary, and appends are many. */
export const BINARY_HEADERS: Headers = responseHeaders(MEDIA_TYPE);

/** How long a browser may remember a preflight: the longest that any of them honours. */
const PREFLIGHT_SECONDS = '86400';

/** The answer to every CORS preflight (`HT5`); it discloses nothing, so it needs no route. */
export function preflightResponse(): Response {
  const headers = responseHeaders(undefined, {
    'access-control-allow-methods': 'GET, HEAD, PATCH, POST, PUT',
    'access-control-allow-headers': `accept, content-digest, content-type, if-range, range, signature, signature-input, ${INVITATION_HEADER}`,
    'access-control-max-age': PREFLIGHT_SECONDS,
  });
  return new Response(null, { status: 204, headers });
}
