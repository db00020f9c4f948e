import {
  err,
  MAX_OBJECT_BYTES,
  MAX_OBJECT_KEY_CHARS,
  MAX_OBJECT_PAGE,
  ok,
  parseObjectKey,
  SHARDS_PATH,
  type ObjectKey,
  type Result,
} from '../../core/index.ts';
import {
  refuseForExpiry,
  type ByteRange,
  type ListRequest,
  type RelayRefusal,
  type ShardNodeConfiguration,
} from '../../relay/index.ts';
import { malformed, parseDecimal, readQuery } from './query.ts';

export interface ShardRead {
  readonly key: ObjectKey;
  /** Undefined for the whole object. */
  readonly range: ByteRange | undefined;
}

export interface ShardWrite {
  readonly key: ObjectKey;
  readonly expiresAt: number;
}

/** `?offset&length`, both or none. */
export function parseRead(address: string): Result<ShardRead, RelayRefusal> {
  const url = new URL(address);
  const [key, query] = [keyOf(url), readQuery(url, ['offset', 'length'])];
  if (key === undefined) return malformed('key');
  if (!query.ok) return query;
  if (query.value.offset === undefined && query.value.length === undefined) return ok({ key, range: undefined });
  const offset = parseDecimal(query.value.offset, 0, MAX_OBJECT_BYTES);
  const length = parseDecimal(query.value.length, 1, MAX_OBJECT_BYTES);
  if (offset === undefined) return malformed('offset');
  return length === undefined ? malformed('length') : ok({ key, range: { offset, length } });
}

/** `?expires-at`, in ms since the Unix epoch. */
export function parseWrite(
  address: string,
  now: number,
  { retentionMs }: ShardNodeConfiguration,
): Result<ShardWrite, RelayRefusal> {
  const url = new URL(address);
  const [key, query] = [keyOf(url), readQuery(url, ['expires-at'])];
  if (key === undefined) return malformed('key');
  if (!query.ok) return query;
  const expiresAt = parseDecimal(query.value['expires-at'], 0, Number.MAX_SAFE_INTEGER);
  if (expiresAt === undefined) return malformed('expires-at');
  const refusal = refuseForExpiry(expiresAt, now, retentionMs);
  return refusal === undefined ? ok({ key, expiresAt }) : err(refusal);
}

export function parseDeletion(address: string): Result<ObjectKey, RelayRefusal> {
  const url = new URL(address);
  const [key, query] = [keyOf(url), readQuery(url, [])];
  if (key === undefined) return malformed('key');
  return query.ok ? ok(key) : query;
}

/** `?after&limit`, of which neither is needed. */
export function parseList(address: string): Result<ListRequest, RelayRefusal> {
  const query = readQuery(new URL(address), ['after', 'limit']);
  if (!query.ok) return query;
  const { after, limit = String(MAX_OBJECT_PAGE) } = query.value;
  const count = parseDecimal(limit, 1, MAX_OBJECT_PAGE);
  if (count === undefined) return malformed('limit');
  if (after !== undefined && (after === '' || after.length > MAX_OBJECT_KEY_CHARS)) return malformed('after');
  return ok({ limit: count, ...(after !== undefined && { after }) });
}

/** As it stands in the path: a key has one spelling (`SN1`), so nothing is decoded. */
function keyOf({ pathname }: URL): ObjectKey | undefined {
  return parseObjectKey(pathname.slice(SHARDS_PATH.length + 1));
}
