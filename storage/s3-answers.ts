import { bytesToUtf8, type ListedObject } from '../core/index.ts';
import type { NodeFault } from '../relay/index.ts';
import { NOT_FOUND, refused, unavailable } from './checks.ts';
import type { NodeAnswer } from './exchange.ts';

/**
 * The codes of S3's errors that mean something here, those of the stores that speak its language included. That a bucket is
 * missing must never look as if its objects were: a scrub would take all of them for lost.
 */
const FAULTS: Readonly<Record<string, NodeFault>> = {
  NoSuchKey: NOT_FOUND,
  BadDigest: refused('digest-mismatch'),
  InvalidDigest: refused('digest-mismatch'),
  XAmzContentSHA256Mismatch: refused('digest-mismatch'),
  EntityTooLarge: refused('too-large'),
  InvalidRange: refused('range'),
  AccessDenied: refused('not-allowed'),
  InvalidAccessKeyId: refused('not-allowed'),
  NoSuchBucket: refused('not-allowed'),
  RequestTimeTooSkewed: refused('not-allowed'),
  SignatureDoesNotMatch: refused('not-allowed'),
  Unauthorized: refused('not-allowed'),
  QuotaExceeded: refused('quota-full'),
  XMinioAdminBucketQuotaExceeded: refused('quota-full'),
  XMinioStorageFull: refused('quota-full'),
  RequestTimeout: unavailable('busy'),
  ServiceUnavailable: unavailable('busy'),
  SlowDown: unavailable('busy'),
  TooManyRequests: unavailable('busy'),
};

/** What an answer without success says. */
export function s3Fault({ status, body }: NodeAnswer): NodeFault {
  const code = /<Code>(\w+)<\/Code>/.exec(bytesToUtf8(body) ?? '')?.[1];
  return (code === undefined ? undefined : FAULTS[code]) ?? faultOfStatus(status, code !== undefined);
}

function faultOfStatus(status: number, isS3: boolean): NodeFault {
  if (status === 401 || status === 403) return refused('not-allowed');
  if (status === 429 || status === 503) return unavailable('busy');
  if (status === 507) return refused('quota-full');
  if (status >= 500) return unavailable('failed');
  return isS3 && status >= 400 ? refused('other') : unavailable('bad-answer');
}

export interface S3Listing {
  readonly objects: readonly ListedObject[];
  readonly isTruncated: boolean;
}

/**
 * A page of ListObjectsV2; undefined for what is none. Two elements are wanted of each object, and no key of ours has a
 * character that XML writes in another way, so a pattern finds what a parser would. Keys outside `prefix` are not ours.
 */
export function parseS3Listing(body: Uint8Array, prefix: string): S3Listing | undefined {
  const text = bytesToUtf8(body) ?? '';
  const isTruncated = /<IsTruncated>(true|false)<\/IsTruncated>/.exec(text)?.[1];
  if (!text.includes('<ListBucketResult') || isTruncated === undefined) return undefined;
  const objects: ListedObject[] = [];
  for (const content of elementsOf(text, 'Contents')) {
    const key = /<Key>([^<]*)<\/Key>/.exec(content)?.[1];
    const size = /<Size>(\d{1,15})<\/Size>/.exec(content)?.[1];
    if (key === undefined || size === undefined) return undefined;
    if (key.startsWith(prefix)) objects.push({ key: key.slice(prefix.length), size: Number(size) });
  }
  return { objects, isTruncated: isTruncated === 'true' };
}

/**
 * What stands in each element of this name. One walk through the text: a pattern would look for the end of each beginning anew, and
 * a store that sends beginnings alone would keep whoever lists it busy for hours.
 */
function* elementsOf(text: string, name: string): Generator<string, void> {
  const [opening, closing] = [`<${name}>`, `</${name}>`];
  for (let at = text.indexOf(opening); at >= 0;) {
    const end = text.indexOf(closing, at);
    if (end < 0) return;
    yield text.slice(at + opening.length, end);
    at = text.indexOf(opening, end);
  }
}
