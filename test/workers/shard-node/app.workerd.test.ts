import { env } from 'cloudflare:workers';
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  DAY_MS,
  decodeTrusted,
  digestField,
  HOUR_MS,
  MAX_OBJECT_BYTES,
  MAX_OBJECT_PAGE,
  objectPage,
  sha256,
  type ObjectPage,
  type Problem,
} from '../../../core/index.ts';
import type { ShardAccountObject } from '../../../durable-objects/index.ts';
import { createShardNode } from '../../../workers/shard-node/app.ts';
import { SHARD_NODE_PROBLEMS } from '../../../workers/shard-node/docs-page.ts';
import type { ShardNodeEnvironment } from '../../../workers/shard-node/environment.ts';
import { freshArea, someBytes } from '../../contracts/storage-node.ts';
import { bucketWith } from '../../storage/nodes.workerd.ts';
import { bytesOf, problemOf } from '../relay/answers.ts';
import { ALICE, alterRequest, BOB, nameOf, signRequest, type Call, type Signing } from '../relay/signed-request.ts';

const bindings = env as unknown as ShardNodeEnvironment;
const MIB = 1_048_576;
const ORIGIN = 'https://shards.example';

let now: number;
const node = createShardNode({ clock: () => now });
let keyOf: (rest: string) => string;

/** Who is listed, and how; a relay of its own for each test, so that nobody's account is another's. */
let seed: Uint8Array;
let variables: Partial<ShardNodeEnvironment>;

beforeEach(() => {
  now = Date.now();
  keyOf = freshArea();
  seed = someBytes(32);
  variables = { RELAYS: `${nameOf(seed)}=1 ${nameOf(ALICE)}`, RETENTION_DAYS: '31' };
});

async function send(request: Request): Promise<Response> {
  return node.fetch(request, { ...bindings, ...variables }, {} as ExecutionContext);
}

function signed(call: Call, signing: Signing = {}): Request {
  return signRequest({ origin: ORIGIN, ...call }, now, { seed, ...signing });
}

const ask = (call: Call, signing?: Signing): Promise<Response> => send(signed(call, signing));
const refusal = async (call: Call, signing?: Signing): Promise<Problem> => problemOf(await ask(call, signing));

const pathOf = (rest: string): string => `/v1/shards/${keyOf(rest)}`;
const putOf = (rest: string, body: Uint8Array, expiresAt = now + HOUR_MS): Call => ({
  method: 'PUT',
  path: `${pathOf(rest)}?expires-at=${expiresAt}`,
  body,
});

async function put(rest: string, body: Uint8Array, expiresAt?: number): Promise<void> {
  const response = await ask(putOf(rest, body, expiresAt));
  if (response.status !== 204) expect.fail(await response.text());
}

async function list(): Promise<ObjectPage> {
  return decodeTrusted(objectPage, await bytesOf(await ask({ path: '/v1/shards' })));
}

async function usage(): Promise<unknown> {
  return (await ask({ path: '/v1/account' })).json();
}

const account = () => bindings.ACCOUNT.getByName(nameOf(seed));

/** From here on it is then, for the node and for the account. */
async function setTime(time: number): Promise<void> {
  now = time;
  await runInDurableObject(account(), (object: ShardAccountObject) => {
    object.clock = () => time;
  });
}

/** Runs the account's alarm as if it were then. */
async function alarmAt(time: number): Promise<void> {
  await setTime(time);
  await runDurableObjectAlarm(account());
}

const bytesLeft = async () =>
  (await bindings.SHARDS.list({ prefix: `${nameOf(seed)}/` })).objects.map(({ key }) => key);

describe('What a relay may ask', () => {
  test('[SN12] keeps an object and says what it is', async () => {
    const body = someBytes(3_000);
    await put('a', body);
    const response = await ask({ path: pathOf('a') });
    expect(response.headers.get('repr-digest')).toBe(digestField(sha256(body)));
    expect(response.headers.get('terachat-expires-at')).toBe(String(now + HOUR_MS));
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(await bytesOf(response)).toEqual(body);
    const part = await ask({ path: `${pathOf('a')}?offset=100&length=50` });
    expect(part.headers.get('repr-digest')).toBe(digestField(sha256(body)));
    expect(await bytesOf(part)).toEqual(body.subarray(100, 150));
    const head = await ask({ method: 'HEAD', path: pathOf('a') });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '3000']);
    expect((await list()).objects).toEqual([{ key: keyOf('a'), size: 3_000 }]);
    expect((await ask({ method: 'DELETE', path: pathOf('a') })).status).toBe(204);
    expect(await bytesLeft()).toEqual([]);
  });

  test('[SN8] lists in pages', async () => {
    for (const rest of ['c', 'a', 'b']) await put(rest, someBytes(1));
    const path = `/v1/shards?limit=2`;
    const first = decodeTrusted(objectPage, await bytesOf(await ask({ path })));
    expect(first.objects.map(({ key }) => key)).toEqual([keyOf('a'), keyOf('b')]);
    const rest = await bytesOf(await ask({ path: `${path}&after=${encodeURIComponent(first.next)}` }));
    expect(decodeTrusted(objectPage, rest)).toEqual({ objects: [{ key: keyOf('c'), size: 1 }], next: '' });
  });

  test.each([
    ['PUT', '/v1/shards/a', 'expires-at'],
    ['PUT', '/v1/shards/a?expires-at=1e3', 'expires-at'],
    ['PUT', '/v1/shards/a?expires-at=1&x=2', 'x'],
    ['PUT', '/v1/shards/a%2Fb?expires-at=1', 'key'],
    ['GET', '/v1/shards/%61', 'key'],
    ['GET', '/v1/shards/a//b', 'key'],
    ['GET', `/v1/shards/${'a'.repeat(257)}`, 'key'],
    ['GET', '/v1/shards/a?offset=1', 'length'],
    ['GET', '/v1/shards/a?length=1', 'offset'],
    ['GET', '/v1/shards/a?offset=0&length=0', 'length'],
    ['GET', '/v1/shards/a?offset=-1&length=1', 'offset'],
    ['GET', '/v1/shards/a?offset=0&offset=1&length=1', 'offset'],
    ['DELETE', '/v1/shards/a?all=1', 'all'],
    ['DELETE', '/v1/shards/.', 'key'],
    ['GET', '/v1/shards?limit=0', 'limit'],
    ['GET', `/v1/shards?limit=${MAX_OBJECT_PAGE + 1}`, 'limit'],
    ['GET', '/v1/shards?after=', 'after'],
    ['GET', `/v1/shards?after=${'a'.repeat(257)}`, 'after'],
    ['GET', '/v1/shards?prefix=a', 'prefix'],
  ])('[SN1, HT6] refuses %s %s and names what is wrong', async (method, path, parameter) => {
    const call = { method, path, ...(method === 'PUT' && { body: Uint8Array.of(1) }) };
    const problem = await refusal(call);
    // A dot in a path is gone before anything is sent.
    if (path.endsWith('.')) expect(problem).toMatchObject({ code: 'not-found' });
    else expect(problem).toMatchObject({ code: 'malformed-request', parameter });
  });

  test('[SN5] refuses a range that the object does not wholly have', async () => {
    await put('a', someBytes(100));
    for (const range of ['offset=99&length=2', 'offset=100&length=1']) {
      expect(await refusal({ path: `${pathOf('a')}?${range}` })).toMatchObject({ code: 'range-not-satisfiable' });
    }
  });

  test('[SN2] refuses an object over the limit, one that is another than was signed, and one of another type', async () => {
    const big = await refusal(putOf('a', new Uint8Array(MAX_OBJECT_BYTES + 1)));
    expect(big).toMatchObject({ code: 'body-too-large', limitBytes: String(MAX_OBJECT_BYTES) });
    const other = alterRequest(signed(putOf('a', someBytes(10))), { body: someBytes(10) });
    expect(await problemOf(await send(other))).toMatchObject({ code: 'digest-mismatch' });
    const typed = signed(putOf('a', someBytes(10)));
    typed.headers.set('content-type', 'text/plain');
    expect(await problemOf(await send(typed))).toMatchObject({ code: 'unsupported-media-type' });
    expect(await usage()).toMatchObject({ objects: '0', usedBytes: '0' });
    expect(await bytesLeft()).toEqual([]);
  });

  test('[SN18] says that what is there is damaged, where something else wrote it', async () => {
    await bindings.SHARDS.put(`${nameOf(seed)}/${keyOf('a')}`, someBytes(10));
    expect(await refusal({ path: pathOf('a') })).toMatchObject({ code: 'object-damaged' });
    await put('a', someBytes(10));
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
  });

  test('[SN18] tells an unknown path from an object that is not there', async () => {
    expect(await refusal({ path: pathOf('a') })).toMatchObject({ code: 'no-such-object' });
    for (const path of ['/v1/shard', '/v1/chains', '/']) {
      expect(await refusal({ path })).toMatchObject({ code: 'not-found' });
    }
  });
});

describe('Who may ask', () => {
  const calls: readonly Call[] = [
    { path: '/v1/shards' },
    { path: '/v1/shards/a' },
    { method: 'HEAD', path: '/v1/shards/a' },
    { method: 'DELETE', path: '/v1/shards/a' },
    { path: '/v1/account' },
    { method: 'PUT', path: '/v1/shards/a?expires-at=1', body: Uint8Array.of(1) },
  ];

  test.each(calls)('[SN12] asks for a signature: $method $path', async ({ method = 'GET', path, body }) => {
    const headers = body && { 'content-type': 'application/vnd.terachat.v1+tls' };
    const response = await send(new Request(ORIGIN + path, { method, ...(body && { body, headers }) }));
    expect(response.status).toBe(401);
    expect(response.headers.get('accept-signature')).toMatch(/^terachat=/);
  });

  test.each(calls)('[SN14] refuses a relay that is not listed: $method $path', async (call) => {
    const response = await ask(call, { seed: BOB });
    expect(response.status).toBe(403);
    if (call.method !== 'HEAD') expect(await problemOf(response)).toMatchObject({ code: 'relay-not-listed' });
  });

  test('[SN13] reads nothing of the body of one that is not listed', async () => {
    const pulled = vi.fn();
    const body = new ReadableStream({ pull: pulled }, { highWaterMark: 0 });
    const request = alterRequest(signed(putOf('a', someBytes(10)), { seed: BOB }), { body });
    expect(await problemOf(await send(request))).toMatchObject({ code: 'relay-not-listed' });
    expect(pulled).not.toHaveBeenCalled();
  });

  test('[SN12] refuses a signed request whose query was changed: an expiry can not be moved', async () => {
    const call = putOf('a', someBytes(10));
    const moved = alterRequest(signed(call), { url: `${ORIGIN}${pathOf('a')}?expires-at=${now + DAY_MS}` });
    expect(await problemOf(await send(moved))).toMatchObject({ code: 'signature-invalid', reason: 'mismatch' });
  });

  test('[SN14] knows nothing of what another relay has', async () => {
    await put('a', someBytes(10));
    expect(await refusal({ path: pathOf('a') }, { seed: ALICE })).toMatchObject({ code: 'no-such-object' });
    expect((await ask({ method: 'DELETE', path: pathOf('a') }, { seed: ALICE })).status).toBe(204);
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
  });

  test('[SN15] takes a signed put once: what was deleted does not come back', async () => {
    const call = putOf('a', someBytes(10));
    const request = signed(call);
    const replay = new Request(request.url, { method: 'PUT', headers: request.headers, body: call.body ?? null });
    expect((await send(request)).status).toBe(204);
    expect((await ask({ method: 'DELETE', path: pathOf('a') })).status).toBe(204);
    expect(await problemOf(await send(replay))).toMatchObject({ code: 'nonce-replayed' });
    expect(await bytesLeft()).toEqual([]);
  });

  test('[SN15] takes a signed delete once: what was put anew stays', async () => {
    const request = signed({ method: 'DELETE', path: pathOf('a') });
    expect((await send(request.clone())).status).toBe(204);
    await put('a', someBytes(10));
    expect(await problemOf(await send(request))).toMatchObject({ code: 'nonce-replayed' });
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
  });

  test.each([
    ['no relay is listed', { RELAYS: '' }, 'RELAYS'],
    ['a key is none', { RELAYS: `${nameOf(ALICE)} nobody` }, 'RELAYS'],
    ['a key is listed twice', { RELAYS: `${nameOf(ALICE)} ${nameOf(ALICE)}=5` }, 'RELAYS'],
    ['a quota of its own is none', { RELAYS: `${nameOf(ALICE)}=lots` }, 'RELAYS'],
    ['a relay has two quotas', { RELAYS: `${nameOf(ALICE)}=5=6` }, 'RELAYS'],
    ['the quota is none', { QUOTA_MIB: '0' }, 'QUOTA_MIB'],
    ['the quota is beyond counting', { QUOTA_MIB: '1048577' }, 'QUOTA_MIB'],
    ['the retention is none', { RETENTION_DAYS: '-1' }, 'RETENTION_DAYS'],
    ['the retention is more than a year', { RETENTION_DAYS: '367' }, 'RETENTION_DAYS'],
  ])('[SN14] serves nobody where %s', async (_what, wrong, variable) => {
    variables = { ...variables, ...wrong };
    const response = await ask({ path: '/v1/shards' }, { seed: ALICE });
    expect(response.headers.get('retry-after')).toBe('60');
    expect(await problemOf(response)).toMatchObject({ code: 'node-not-configured', variable });
    expect((await send(new Request(`${ORIGIN}/healthz`))).status).toBe(200);
  });

  test('[SN14] gives a relay 10 GiB for 31 days, where its operator says nothing else', async () => {
    variables = { RELAYS: nameOf(seed) };
    expect(await usage()).toMatchObject({ quotaBytes: String(10_240 * MIB) });
    await put('a', someBytes(1), now + 31 * DAY_MS);
    const late = putOf('a', someBytes(1), now + 31 * DAY_MS + 1);
    expect(await refusal(late)).toMatchObject({ code: 'expiry-out-of-range' });
  });
});

describe('How long an object stays', () => {
  test('[SN4] takes an expiry that lies ahead, as far as it keeps anything', async () => {
    await setTime(now);
    await put('a', someBytes(1), now + 1);
    await put('a', someBytes(1), now + 31 * DAY_MS);
    for (const expiresAt of [now, now - 1, now + 31 * DAY_MS + 1, Number.MAX_SAFE_INTEGER]) {
      const problem = await refusal(putOf('b', someBytes(1), expiresAt));
      expect(problem).toMatchObject({ code: 'expiry-out-of-range', nodeTime: String(now) });
    }
  });

  test('[SN4] finds nothing from the expiry on, though the bytes are still there', async () => {
    await put('a', someBytes(10));
    now += HOUR_MS - 1;
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
    now += 1;
    expect(await refusal({ path: pathOf('a') })).toMatchObject({ code: 'no-such-object' });
    expect((await ask({ method: 'HEAD', path: pathOf('a') })).status).toBe(404);
    expect(await bytesLeft()).toHaveLength(1);
  });

  test('[SN17] removes the bytes and what was counted of them', async () => {
    await put('a', someBytes(10));
    await put('b', someBytes(20), now + 2 * HOUR_MS);
    await alarmAt(now + HOUR_MS);
    expect(await bytesLeft()).toEqual([`${nameOf(seed)}/${keyOf('b')}`]);
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '20' });
    await alarmAt(now + HOUR_MS);
    expect(await bytesLeft()).toEqual([]);
    expect(await usage()).toMatchObject({ objects: '0', usedBytes: '0' });
  });

  test('[SN17] leaves what was put anew with a later expiry', async () => {
    await put('a', someBytes(10));
    await put('a', someBytes(20), now + 2 * HOUR_MS);
    await alarmAt(now + HOUR_MS);
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
  });

  test('[SN17] removes also what expires sooner than what it replaced', async () => {
    await put('a', someBytes(10), now + 2 * HOUR_MS);
    await put('a', someBytes(20), now + HOUR_MS);
    await alarmAt(now + HOUR_MS);
    expect(await bytesLeft()).toEqual([]);
  });

  test('[SN17] tries again after the bucket has failed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await put('a', someBytes(10));
    await withBucket({ delete: () => Promise.reject(new Error('delete: it broke (10001)')) }, () =>
      alarmAt(now + HOUR_MS),
    );
    // Later each time, and not at once.
    const dueAt = await runInDurableObject(account(), (_, { storage }) =>
      Number(storage.sql.exec(`SELECT due_at AS at FROM jobs WHERE kind = 'expiry'`).one()['at']),
    );
    expect(dueAt).toBeGreaterThan(now);
    expect(await bytesLeft()).toHaveLength(1);
    expect(await usage()).toMatchObject({ objects: '1' });
    await alarmAt(now + HOUR_MS);
    expect(await bytesLeft()).toEqual([]);
  });

  test('[SN17] leaves what expires later where nobody knows whether something else has replaced it', async () => {
    await put('a', someBytes(10), now + 2 * HOUR_MS);
    const failing = { put: () => Promise.reject(new Error('put: it broke (10001)')) };
    const problem = await withBucket(failing, () => refusal(putOf('a', someBytes(20))));
    expect(problem).toMatchObject({ code: 'unavailable' });
    await alarmAt(now + HOUR_MS);
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
  });

  test('[SN17] leaves what was put anew while the alarm waited for its turn, and counts it', async () => {
    await put('a', someBytes(10));
    await setTime(now + HOUR_MS);
    const slow = slowly('delete');
    await withBucket(slow.change, async () => {
      const asked = [ask({ method: 'DELETE', path: pathOf('a') })];
      await expect.poll(() => slow.calls).toBe(1);
      asked.push(ask(putOf('a', someBytes(20))));
      await put('b', someBytes(1));
      await runInDurableObject(account(), async (object: ShardAccountObject) => {
        const alarm = object.alarm();
        slow.letGo();
        await alarm;
      });
      for (const answer of asked) expect((await answer).status).toBe(204);
    });
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
    expect(await usage()).toMatchObject({ objects: '2', usedBytes: '21' });
  });

  test('[SN17] removes nothing that is put while it removes what was there', async () => {
    await put('a', someBytes(10));
    await setTime(now + HOUR_MS);
    const slow = slowly('delete');
    await withBucket(slow.change, async () => {
      const alarm = runInDurableObject(account(), (object: ShardAccountObject) => object.alarm());
      await expect.poll(() => slow.calls).toBe(1);
      const anew = ask(putOf('a', someBytes(20)));
      await put('b', someBytes(1));
      await runInDurableObject(account(), () => slow.letGo());
      expect((await anew).status).toBe(204);
      await alarm;
    });
    expect((await ask({ path: pathOf('a') })).status).toBe(200);
    expect(await usage()).toMatchObject({ objects: '2', usedBytes: '21' });
  });

  test('[SN17] removes at most 1,000 objects in a step', async () => {
    await put('a', someBytes(10));
    await runInDurableObject(account(), (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
          INSERT INTO objects (key, size, expires_at) SELECT 'n/' || i, 1, ? FROM n`,
        now,
      );
    });
    const removed: number[] = [];
    const counting = { delete: async (keys: string | string[]) => void removed.push(keys.length) };
    await withBucket(counting, async () => {
      await alarmAt(now + HOUR_MS);
      await alarmAt(now);
    });
    expect(removed).toEqual([1_000, 1]);
  });
});

describe('How much a relay may have', () => {
  test('[SN16] counts what is there, and refuses what would be over the quota', async () => {
    await put('a', someBytes(MIB - 10));
    expect(await usage()).toEqual({ objects: '1', usedBytes: String(MIB - 10), quotaBytes: String(MIB) });
    const problem = await refusal(putOf('b', someBytes(11)));
    expect(problem).toMatchObject({ code: 'quota-full', status: 507, quotaBytes: String(MIB) });
    await put('b', someBytes(10));
    expect(await usage()).toMatchObject({ objects: '2', usedBytes: String(MIB) });
    expect((await ask({ method: 'DELETE', path: pathOf('a') })).status).toBe(204);
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '10' });
  });

  test('[SN16] counts the object that stays of two under one key, and takes smaller ones in place of larger', async () => {
    await put('a', someBytes(MIB));
    await put('a', someBytes(100));
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '100' });
    await put('a', someBytes(MIB));
    expect(await refusal(putOf('a', someBytes(MIB + 1)))).toMatchObject({ code: 'quota-full' });
    expect((await bytesOf(await ask({ path: pathOf('a') }))).length).toBe(MIB);
    // Also where the quota is less by now than what is there.
    variables = { ...variables, RELAYS: `${nameOf(seed)}=2` };
    await put('b', someBytes(MIB));
    variables = { ...variables, RELAYS: `${nameOf(seed)}=1` };
    await put('a', someBytes(MIB - 1));
  });

  test.each([
    ['put', 700_001, '2'],
    ['removed', 1, '1'],
  ])('[SN16] counts what is %s under a key after what was asked before', async (what, usedBytes, objects) => {
    const slow = slowly('put');
    await withBucket(slow.change, async () => {
      const first = ask(putOf('a', someBytes(10)));
      await expect.poll(() => slow.calls).toBe(1);
      const removal = { method: 'DELETE', path: pathOf('a') };
      const second = ask(what === 'put' ? putOf('a', someBytes(700_000)) : removal);
      await put('b', someBytes(1));
      await runInDurableObject(account(), () => slow.letGo());
      expect([(await first).status, (await second).status]).toEqual([204, 204]);
    });
    expect(await usage()).toMatchObject({ objects, usedBytes: String(usedBytes) });
  });

  test('[SN16] counts nothing of what the bucket refused', async () => {
    await put('a', someBytes(10), now + 2 * HOUR_MS);
    await runInDurableObject(account(), (object: ShardAccountObject) => {
      object.clock = () => now + HOUR_MS;
    });
    expect(await refusal(putOf('a', someBytes(1_000)))).toMatchObject({ code: 'expiry-out-of-range' });
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '10' });
  });

  test('[SN16] counts no less than what is there after many puts at once', async () => {
    const puts = Array.from({ length: 24 }, (_, i) => put(String(i % 3), someBytes(i % 2 === 0 ? 200_000 : 10)));
    await Promise.allSettled(puts);
    const { objects } = await list();
    const kept = objects.reduce((sum, { size }) => sum + size, 0);
    expect(await usage()).toMatchObject({ objects: '3', usedBytes: String(kept) });
    expect(kept).toBeLessThanOrEqual(MIB);
  });

  test('[SN16] keeps counting what may have been stored when the bucket did not answer', async () => {
    const failing = { put: () => Promise.reject(new Error('put: it broke (10001)')) };
    const problem = await withBucket(failing, () => refusal(putOf('a', someBytes(700_000))));
    expect(problem).toMatchObject({ code: 'unavailable' });
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '700000' });
    expect(await refusal(putOf('b', someBytes(700_000)))).toMatchObject({ code: 'quota-full' });
    // A smaller one whose fate is unknown may not have replaced it.
    expect(await withBucket(failing, () => refusal(putOf('a', someBytes(10))))).toMatchObject({ code: 'unavailable' });
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '700000' });
    await put('a', someBytes(10));
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '10' });
  });

  test('[SN16] counts the same after the object slept', async () => {
    await put('a', someBytes(1_000));
    await evictDurableObject(account());
    expect(await usage()).toMatchObject({ objects: '1', usedBytes: '1000' });
    await alarmAt(now + HOUR_MS);
    expect(await bytesLeft()).toEqual([]);
  });
});

describe('What it says of itself', () => {
  test('[SN12] is alive for everybody, and says at the anchor of each problem what it means', async () => {
    expect(await (await send(new Request(`${ORIGIN}/healthz`))).json()).toEqual({ status: 'ok' });
    const page = await (await send(new Request(`${ORIGIN}/docs`))).text();
    for (const code of SHARD_NODE_PROBLEMS) expect(page).toContain(`id="${code}"`);
  });

  test('[HT8] shows nothing of an exception', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    variables = { ...variables, ACCOUNT: undefined as never };
    const problem = (await refusal({ path: '/v1/account' })) as Problem & { readonly incident: string };
    expect(problem).toMatchObject({ code: 'internal', incident: expect.any(String) as string });
    expect(logged.mock.calls.flat().join()).toContain(problem.incident);
    expect(logged.mock.calls.flat().join()).not.toContain(nameOf(seed));
  });
});

/** A bucket that does at once what it is first asked for, and answers when it is let go. */
function slowly(method: 'put' | 'delete') {
  let letGo = (): void => undefined;
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  const real = bindings.SHARDS[method].bind(bindings.SHARDS) as (...args: unknown[]) => Promise<unknown>;
  const slow = {
    calls: 0,
    letGo,
    change: {
      [method]: async (...args: unknown[]) => {
        const done = await real(...args);
        slow.calls += 1;
        if (slow.calls === 1) await isLetGo;
        return done;
      },
    } as Partial<R2Bucket>,
  };
  return slow;
}

/** Runs `act` while the account's bucket is the real one but for some methods. */
async function withBucket<T>(change: Partial<R2Bucket>, act: () => Promise<T>): Promise<T> {
  const swap = (to: R2Bucket) =>
    runInDurableObject(account(), (object: ShardAccountObject) => {
      const host = object as unknown as { env: { SHARDS: R2Bucket } };
      host.env = { ...host.env, SHARDS: to };
    });
  await swap(bucketWith(bindings.SHARDS, change));
  try {
    return await act();
  } finally {
    await swap(bindings.SHARDS);
  }
}
