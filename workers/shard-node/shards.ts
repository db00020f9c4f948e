import type { Context } from 'hono';
import {
  digestField,
  encode,
  EXPIRES_AT_HEADER,
  MAX_OBJECT_BYTES,
  MEDIA_TYPE,
  objectPage,
  SHARDS_PATH,
  toBase64Url,
} from '../../core/index.ts';
import { accountPrefix } from '../../durable-objects/index.ts';
import { refusalOfFault, type KeptObject, type RelayRefusal } from '../../relay/index.ts';
import { R2Node } from '../../storage/index.ts';
import type { SignedCall } from '../http/request-gate.ts';
import { responseHeaders } from '../http/response-headers.ts';
import { accountOf, shardNodeConfiguration } from './environment.ts';
import { problemResponse } from './problem.ts';
import type { Services, ShardNodeApp, ShardNodeBindings } from './shard-node-app.ts';
import { parseDeletion, parseList, parseRead, parseWrite } from './shard-requests.ts';

type RouteContext = Context<ShardNodeBindings>;

/** A request of a relay that the operator lists. */
interface RelayCall extends SignedCall {
  /** base64url */
  readonly relay: string;
  readonly quotaBytes: number;
}

const ACCOUNT_PATH = '/v1/account';

/** What a listed relay may do. Reads come from the bucket, writes go through the relay's account (`SN15`, `SN16`). */
export function addShardRoutes(app: ShardNodeApp, services: Services): void {
  const asRelay = relayCalls(services);
  const bucketOf = (c: RouteContext, relay: string): R2Node =>
    new R2Node({ bucket: c.env.SHARDS, prefix: accountPrefix(relay), clock: services.clock });

  app.get(SHARDS_PATH, (c) => asRelay(c, 0, async ({ relay }) => listObjects(c, bucketOf(c, relay))));

  // A HEAD comes here too.
  app.get(`${SHARDS_PATH}/:key{.+}`, (c) => asRelay(c, 0, async ({ relay }) => readObject(c, bucketOf(c, relay))));

  app.put(`${SHARDS_PATH}/:key{.+}`, (c) =>
    asRelay(c, MAX_OBJECT_BYTES, async ({ relay, caller, quotaBytes, body }) => {
      const write = parseWrite(c.req.url, services.clock(), shardNodeConfiguration(c.env));
      if (!write.ok) return problemResponse(write.error);
      const call = { relay, caller, quotaBytes, bytes: body, ...write.value };
      return doneResponse(await accountOf(c.env, relay).put(call));
    }),
  );

  app.delete(`${SHARDS_PATH}/:key{.+}`, (c) =>
    asRelay(c, 0, async ({ relay, caller }) => {
      const key = parseDeletion(c.req.url);
      if (!key.ok) return problemResponse(key.error);
      return doneResponse(await accountOf(c.env, relay).remove({ relay, caller, key: key.value }));
    }),
  );

  app.get(ACCOUNT_PATH, (c) =>
    asRelay(c, 0, async ({ relay, caller, quotaBytes }) => {
      const usage = await accountOf(c.env, relay).usage({ relay, caller });
      if ('code' in usage) return problemResponse(usage);
      const { usedBytes, objects } = usage;
      return jsonResponse({ usedBytes: String(usedBytes), quotaBytes: String(quotaBytes), objects: String(objects) });
    }),
  );
}

function relayCalls({ gate }: Services) {
  return async (
    c: RouteContext,
    limitBytes: number,
    answer: (call: RelayCall) => Promise<Response>,
  ): Promise<Response> => {
    const { quotas } = shardNodeConfiguration(c.env);
    const signed = await gate.admitSigned(c.req.raw, limitBytes, ({ actor }) =>
      quotas.has(toBase64Url(actor)) ? undefined : { code: 'relay-not-listed' },
    );
    if (!signed.ok) return problemResponse(signed.error);
    const relay = toBase64Url(signed.value.caller.actor);
    return answer({ ...signed.value, relay, quotaBytes: quotas.get(relay) ?? 0 });
  };
}

async function listObjects(c: RouteContext, bucket: R2Node): Promise<Response> {
  const request = parseList(c.req.url);
  if (!request.ok) return problemResponse(request.error);
  const page = await bucket.list(request.value);
  if (!page.ok) return problemResponse(refusalOfFault(page.error));
  const { objects, next = '' } = page.value;
  return new Response(encode(objectPage, { objects, next }), { headers: responseHeaders(MEDIA_TYPE) });
}

async function readObject(c: RouteContext, bucket: R2Node): Promise<Response> {
  const read = parseRead(c.req.url);
  if (!read.ok) return problemResponse(read.error);
  const { key, range } = read.value;
  if (c.req.raw.method === 'HEAD') {
    const kept = await bucket.head(key);
    return kept.ok ? objectResponse(null, kept.value) : problemResponse(refusalOfFault(kept.error));
  }
  const opened = await bucket.open(key, range);
  if (!opened.ok) return problemResponse(refusalOfFault(opened.error));
  return objectResponse(opened.value.body, opened.value.kept);
}

/** The digest is of the whole object, also where a part of it is answered (RFC 9530 §3). */
function objectResponse(body: ReadableStream | null, { size, sha256, expiresAt }: KeptObject): Response {
  const headers = responseHeaders(MEDIA_TYPE, {
    'repr-digest': digestField(sha256),
    [EXPIRES_AT_HEADER]: String(expiresAt),
    ...(body === null && { 'content-length': String(size) }),
  });
  return new Response(body, { headers });
}

function doneResponse(refusal: RelayRefusal | null): Response {
  return refusal === null
    ? new Response(null, { status: 204, headers: responseHeaders(undefined) })
    : problemResponse(refusal);
}

function jsonResponse(value: unknown): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, { headers: responseHeaders('application/json') });
}
