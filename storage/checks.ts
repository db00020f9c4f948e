import { err, MAX_OBJECT_BYTES, ok, parseObjectKey, type ListedObject } from '../core/index.ts';
import type {
  ByteRange,
  KeptObject,
  ListPage,
  ListRequest,
  NodeFault,
  NodeOutage,
  NodeRefusal,
  NodeResult,
  ObjectToKeep,
} from '../relay/index.ts';

export const NOT_FOUND: NodeFault = { code: 'not-found' };
export const CORRUPT: NodeFault = { code: 'corrupt' };

export function refused(reason: NodeRefusal): NodeFault {
  return { code: 'refused', reason };
}

export function unavailable(reason: NodeOutage): NodeFault {
  return { code: 'unavailable', reason };
}

/** What no node takes (`SN2`, `SN4`), so none is asked. */
export function refusePut({ bytes, expiresAt }: ObjectToKeep, now: number): NodeFault | undefined {
  if (bytes.length > MAX_OBJECT_BYTES) return refused('too-large');
  return expiresAt <= now ? refused('expiry') : undefined;
}

/** What a node says of an object, as far as it counts: an expired one is not there, whatever is left of it (`SN4`). */
export function checkKept(
  said: { readonly size: number; readonly sha256: Uint8Array | undefined; readonly expiresAt: number | undefined },
  now: number,
): NodeResult<KeptObject> {
  const { size, sha256, expiresAt } = said;
  if (sha256?.length !== 32 || expiresAt === undefined || !(size <= MAX_OBJECT_BYTES)) return err(CORRUPT);
  return expiresAt <= now ? err(NOT_FOUND) : ok({ size, sha256, expiresAt });
}

/** Whether an object of this size has the whole range (`SN5`). */
export function holdsRange(size: number, { offset, length }: ByteRange): boolean {
  return offset + length <= size;
}

/** The time in a header or in metadata: a decimal number as this program writes it. */
export function parseTime(text: string | null | undefined): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Longest key of a bucket, ours or another's: a longer cursor is none, and whoever keeps one has room for it. */
const MAX_CURSOR_CHARS = 1_024;

/**
 * A page as a node gave it (`SN8`). Keys that don't rise, or a cursor that doesn't, would keep a scrub in a circle, and more than was
 * asked for makes work for all whom each key is asked about: what lists so is no node. Keys that are none of ours are left out.
 */
export function checkPage(
  { after, limit }: ListRequest,
  listed: readonly ListedObject[],
  next: string | undefined,
): NodeResult<ListPage> {
  if (listed.length > limit || (next ?? '').length > MAX_CURSOR_CHARS) return err(unavailable('bad-answer'));
  const objects = listed.filter(({ key }) => parseObjectKey(key) !== undefined);
  let last = after ?? '';
  for (const { key } of objects) {
    if (key <= last) return err(unavailable('bad-answer'));
    last = key;
  }
  if (next !== undefined && (next < last || next === after)) return err(unavailable('bad-answer'));
  return ok({ objects, next });
}
