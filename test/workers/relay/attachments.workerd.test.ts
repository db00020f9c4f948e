import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  contentDigest,
  digestField,
  encode,
  equalBytes,
  HOUR_MS,
  MAX_ATTACHMENT_BYTES,
  MAX_UPLOADS,
  MINUTE_MS,
  nodesFor,
  placementCodec,
  sha256,
  toBase64Url,
  useSha256,
  type ChainId,
} from '../../../core/index.ts';
import { clusterOf, workerdSha256, type ChainObject, type RelayEnvironment } from '../../../durable-objects/index.ts';
import { forgetPlacements } from '../../../durable-objects/platform/cluster.ts';
import { ed25519Signer } from '../../../durable-objects/platform/ed25519.ts';
import { ChainStore } from '../../../durable-objects/chain/store.ts';
import { READING_RESERVE_BYTES, shardPartKey, TRANSFER_MEMORY_BYTES } from '../../../relay/index.ts';
import { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { chainPath, RelayCaller } from '../../support/relay-caller.ts';
import type { TestActor } from '../../support/test-actor.ts';
import { createRelay } from '../../../workers/relay/app.ts';
import { LargeWrites } from '../../../workers/relay/large-writes.ts';
import { UploadTaker } from '../../../workers/relay/take-upload.ts';
import { problemOf } from './answers.ts';
import { documentedFetch } from './documented-fetch.ts';
import { RELAY_URL } from './signed-request.ts';

useSha256(workerdSha256);
const { default: worker } = exports as unknown as { readonly default: Fetcher };
const bindings = env as unknown as RelayEnvironment & Readonly<Record<string, R2Bucket>>;
/** Of the first row of 4 of 6. */
const ROW_BYTES = 32 * 4 * 65_536;

let relay: InhabitedRelay;

beforeAll(async () => {
  const fetch = documentedFetch((request) => worker.fetch(request));
  const connect = (): Promise<never> => Promise.reject(new Error('no streams here'));
  const sign = (seed: Uint8Array, message: Uint8Array): Uint8Array => ed25519Signer(seed)(message);
  relay = await InhabitedRelay.inhabit(new RelayCaller({ url: RELAY_URL, fetch, connect, sign }), new Uint8Array(32));
});

let seeds = 0;

/** Bytes that no other test has sent. */
function freshBytes(length: number): Uint8Array {
  const seed = ++seeds;
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1 + seed * 7919, 2_654_435_761) >>> 22);
}

interface Upload {
  readonly actor?: TestActor;
  readonly chain?: ChainId;
  readonly body?: Uint8Array;
  readonly size?: number;
  readonly hash?: Uint8Array;
  readonly digest?: string;
}

function begin(bytes: Uint8Array, upload: Upload = {}): Promise<Response> {
  const { actor = relay.bob, chain = relay.plain, body = bytes, size = bytes.length, hash = sha256(bytes) } = upload;
  const path = chainPath(chain, `blobs?hash=${toBase64Url(hash)}&size=${size}`);
  const signing = upload.digest === undefined ? {} : { digest: upload.digest };
  return relay.caller.fetch(relay.caller.signed(actor, { method: 'POST', path, body }, signing));
}

function resume(
  bytes: Uint8Array,
  offset: number,
  actor = relay.bob,
  body = bytes.subarray(offset),
): Promise<Response> {
  const path = chainPath(relay.plain, `blobs?hash=${toBase64Url(sha256(bytes))}&offset=${offset}`);
  return relay.caller.fetch(relay.caller.signed(actor, { method: 'PATCH', path, body }));
}

async function offsetOf(bytes: Uint8Array, method = 'HEAD'): Promise<number | undefined> {
  const path = chainPath(relay.plain, `blobs?hash=${toBase64Url(sha256(bytes))}`);
  const { headers } = await worker.fetch(relay.caller.signed(relay.bob, { method, path }));
  const offset = headers.get('upload-offset');
  return offset === null ? undefined : Number(offset);
}

function get(
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  actor = relay.alice,
): Promise<Response> {
  const request = relay.caller.signed(actor, { path: pathOf(bytes) });
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  return relay.caller.fetch(request);
}

const pathOf = (bytes: Uint8Array): string => chainPath(relay.plain, `blobs/${toBase64Url(sha256(bytes))}`);

function withChain<R>(use: (chain: ChainObject, store: ChainStore) => R | Promise<R>): Promise<R> {
  const stub = bindings.CHAIN.getByName(toBase64Url(relay.plain));
  return runInDurableObject(stub, (chain, { storage }) => use(chain, new ChainStore(storage)));
}

/** Every object at the nodes whose key holds the blob's id, by node. */
async function objectsOf(id: Uint8Array): Promise<string[][]> {
  const buckets = [0, 1, 2, 3, 4, 5].map((index) => bindings[`NODE_${index}`]!);
  const prefix = `c/${toBase64Url(relay.plain)}/${toBase64Url(id)}/`;
  return Promise.all(buckets.map(async (bucket) => (await bucket.list({ prefix })).objects.map(({ key }) => key)));
}

async function deleteShards(id: Uint8Array, count: number): Promise<Map<string, ArrayBuffer>> {
  const taken = new Map<string, ArrayBuffer>();
  const objects = await objectsOf(id);
  for (let index = 0; index < count; index++) {
    for (const key of objects[index]!) {
      const bucket = bindings[`NODE_${index}`]!;
      taken.set(`${index} ${key}`, await (await bucket.get(key))!.arrayBuffer());
      await bucket.delete(key);
    }
  }
  return taken;
}

describe('an attachment', () => {
  test('[UP1] [UP2] [UP6] is brought by a member, and given to readers whole, by its headers, and in ranges', async () => {
    const bytes = freshBytes(300_000);
    const kept = await begin(bytes);
    expect([kept.status, kept.headers.get('location')]).toEqual([201, pathOf(bytes)]);

    const whole = await get(bytes);
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': '300000',
      'repr-digest': digestField(sha256(bytes)),
      etag: `"${toBase64Url(sha256(bytes))}"`,
    });
    expect(equalBytes(new Uint8Array(await whole.arrayBuffer()), bytes)).toBe(true);

    // A range is of a GET alone: another method has all, whatever it says (RFC 9110 §14.2).
    for (const range of [undefined, 'bytes=0-9', 'bytes=300000-']) {
      const asked = relay.caller.signed(relay.bob, { method: 'HEAD', path: pathOf(bytes) });
      if (range !== undefined) asked.headers.set('range', range);
      const head = await worker.fetch(asked);
      const { status, headers } = head;
      expect([status, headers.get('content-length'), headers.get('content-range')]).toEqual([200, '300000', null]);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    }

    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=0-', 0, 300_000],
      ['bytes=65530-65545', 65_530, 65_546],
      ['bytes=299990-', 299_990, 300_000],
      ['bytes=-10', 299_990, 300_000],
      ['bytes=299999-400000', 299_999, 300_000],
    ] as const) {
      const part = await get(bytes, { range });
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end - 1}/300000`]);
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(start, end));
    }
    for (const range of ['bytes=300000-', 'bytes=-0']) {
      const refused = await get(bytes, { range });
      expect(refused.headers.get('content-range')).toBe('bytes */300000');
      expect(await problemOf(refused)).toMatchObject({ code: 'range-not-satisfiable' });
    }
    for (const headers of [
      { range: 'bytes=5-2' },
      { range: 'bytes=0-1,3-4' },
      { range: 'bytes=0-1', 'if-range': '"x"' },
    ]) {
      const all = await get(bytes, headers);
      expect(all.status).toBe(200);
      await all.body?.cancel();
    }
  });

  test('[UP1] [UP6] is nobody’s but theirs: readers bring none, and who is out gets none', async () => {
    const bytes = freshBytes(1_000);
    expect(await problemOf(await begin(bytes, { actor: relay.mallory }))).toMatchObject({ code: 'not-found' });
    expect(await problemOf(await begin(bytes, { actor: relay.carol }))).toMatchObject({ code: 'not-permitted' });
    expect((await begin(bytes)).status).toBe(201);
    for (const stranger of [relay.mallory, relay.carol]) {
      expect(await problemOf(await get(bytes, {}, stranger))).toMatchObject({ code: 'not-found' });
    }
    expect(await problemOf(await relay.caller.fetch(relay.caller.request({ path: pathOf(bytes) })))).toMatchObject({
      code: 'not-found',
    });
    expect(await problemOf(await get(freshBytes(9)))).toMatchObject({ code: 'not-found' });
  });

  test('[UP3] goes on after a request that broke off, from what is stored, and is the turn of the newest request alone', async () => {
    const bytes = freshBytes(ROW_BYTES + 200_000);
    const path = chainPath(relay.plain, `blobs?hash=${toBase64Url(sha256(bytes))}&size=${bytes.length}`);
    const request = relay.caller.signed(relay.bob, { method: 'POST', path, body: bytes });
    let pulled = 0;
    const broken = new ReadableStream({
      type: 'bytes',
      pull: (controller) => {
        if (pulled++ === 0) controller.enqueue(bytes.slice(0, ROW_BYTES + 1));
        else controller.error(new Error('cut'));
      },
    });
    const local = createRelay({ clock: () => Date.now() });
    const answer = await local.fetch(new Request(request, { body: broken }), bindings, {} as ExecutionContext);
    expect(await problemOf(answer)).toMatchObject({ code: 'malformed-request', parameter: 'body' });
    expect([await offsetOf(bytes), await offsetOf(bytes, 'GET')]).toEqual([ROW_BYTES, ROW_BYTES]);
    expect(await problemOf(await resume(bytes, 77))).toMatchObject({
      code: 'upload-offset',
      offset: String(ROW_BYTES),
    });
    expect(await problemOf(await resume(bytes, 0, relay.alice))).toMatchObject({ code: 'not-found' });

    const key = { hash: sha256(bytes), actor: relay.bob.key };
    const { id, turn } = await withChain((_, { uploads }) => uploads.find(key)!);
    const row = { row: 1, hashes: [], missing: [] };
    expect(await withChain((chain) => chain.noteRow({ ...key, turn: turn - 1 }, row))).toBe(false);
    // One of the parts that are read back is another by now: another shard stands in.
    const [first] = nodesFor((await clusterOf(bindings))!.placement, id);
    const stored = shardPartKey({ chain: relay.plain, id, placement: 1, shard: 0, part: 0 });
    const other = freshBytes(ROW_BYTES / 4);
    await bindings[first!.toUpperCase().replace('-', '_')]!.put(stored, other, {
      sha256: await crypto.subtle.digest('SHA-256', other),
      customMetadata: { expiresAt: String(Date.now() + HOUR_MS) },
    });
    // And whoever may bring nothing any more goes on with nothing.
    await withChain((_, { uploads }) => uploads.put({ ...uploads.find(key)!, actor: relay.carol.key }));
    expect(await problemOf(await resume(bytes, ROW_BYTES, relay.carol))).toMatchObject({ code: 'not-permitted' });
    await withChain((_, { uploads }) => uploads.remove({ ...key, actor: relay.carol.key }));
    const part = await begin(bytes.subarray(0, 0), { hash: key.hash, size: bytes.length + 1 });
    expect(await problemOf(part)).toMatchObject({ code: 'upload-offset' });
    expect((await resume(bytes, ROW_BYTES)).status).toBe(201);
    expect(equalBytes(new Uint8Array(await (await get(bytes)).arrayBuffer()), bytes)).toBe(true);
    expect(await offsetOf(bytes)).toBeUndefined();
  });

  test('[UP2] is refused where its bytes are not those of its digest, of its hash, or too many, and nothing of it stays', async () => {
    const bytes = freshBytes(2_000);
    const wrong = { digest: contentDigest(freshBytes(3)) };
    expect(await problemOf(await begin(bytes, wrong))).toMatchObject({ code: 'digest-mismatch' });
    expect(await problemOf(await begin(bytes, { hash: sha256(freshBytes(4)) }))).toMatchObject({
      code: 'attachment-mismatch',
    });
    expect(await problemOf(await begin(bytes, { size: 1_999 }))).toMatchObject({ code: 'body-too-large' });
    expect(await offsetOf(bytes)).toBeUndefined();
    expect(
      await problemOf(await begin(bytes, { size: MAX_ATTACHMENT_BYTES + 1, body: new Uint8Array(1) })),
    ).toMatchObject({
      code: 'body-too-large',
    });
  });

  test('[UP4] that does not get on is dropped after an hour, and what was stored of it is deleted', async () => {
    const bytes = freshBytes(10);
    const begun = await begin(bytes, { body: new Uint8Array() });
    expect([begun.status, begun.headers.get('upload-offset')]).toEqual([202, '0']);
    const id = await withChain((_, { uploads }) => uploads.find({ hash: sha256(bytes), actor: relay.bob.key })!.id);
    // As a request leaves them that ends before its row is noted.
    const nodes = nodesFor((await clusterOf(bindings))!.placement, id);
    for (const shard of [0, 1]) {
      const bucket = bindings[nodes[shard]!.toUpperCase().replace('-', '_')]!;
      await bucket.put(shardPartKey({ chain: relay.plain, id, placement: 1, shard, part: 0 }), bytes);
    }
    expect((await objectsOf(id)).flat()).toHaveLength(2);
    const stub = bindings.CHAIN.getByName(toBase64Url(relay.plain));
    await withChain((chain) => (chain.clock = () => Date.now() + HOUR_MS + 1));
    expect(await offsetOf(bytes)).toBeUndefined();
    await runDurableObjectAlarm(stub);
    expect(
      await withChain((_, { uploads }) => uploads.find({ hash: sha256(bytes), actor: relay.bob.key })),
    ).toBeUndefined();
    await withChain((chain) => (chain.clock = () => Date.now() + HOUR_MS + 120_000));
    await vi.waitFor(
      async () => {
        await runDurableObjectAlarm(stub);
        expect((await objectsOf(id)).flat()).toEqual([]);
      },
      { timeout: 60_000 },
    );
    await withChain((chain) => (chain.clock = () => Date.now()));
  });

  test('[UP5] finds room for so many uploads of an actor, and for so many bytes of a chain', async () => {
    const sizes = Array.from({ length: MAX_UPLOADS }, () => freshBytes(10));
    for (const bytes of sizes)
      expect((await begin(bytes, { actor: relay.alice, body: new Uint8Array() })).status).toBe(202);
    expect(await problemOf(await begin(freshBytes(10), { actor: relay.alice }))).toMatchObject({
      code: 'too-many-uploads',
    });
    await withChain((_, { uploads }) =>
      uploads.put({ ...uploads.find({ hash: sha256(sizes[0]!), actor: relay.alice.key })!, size: 10_737_418_240 }),
    );
    expect(await problemOf(await begin(freshBytes(10)))).toMatchObject({ code: 'attachments-full' });
    await withChain((_, { uploads }) => {
      for (const bytes of sizes) uploads.remove({ hash: sha256(bytes), actor: relay.alice.key });
    });
  });

  test('[UP7] waits while there is no memory for it, and nothing of it is noted', async () => {
    const { memory } = (await clusterOf(bindings))!;
    const [kept, other] = [freshBytes(300_000), freshBytes(300_000)];
    expect((await begin(kept)).status).toBe(201);
    // What was moved before is given back a moment after its answer.
    await vi.waitFor(() => expect(memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 60_000 });
    const held = memory.free;
    memory.takeForReading(held);
    const refused = [await get(kept), await begin(other)];
    expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(['5', '5']);
    for (const answer of refused) expect(await problemOf(answer)).toMatchObject({ code: 'too-many-transfers' });
    expect(await offsetOf(other)).toBeUndefined();
    memory.give(held);

    expect((await begin(other)).status).toBe(201);
    await (await get(other)).body!.cancel();
    expect((await (await get(other)).arrayBuffer()).byteLength).toBe(300_000);
    expect((await get(other, { range: 'bytes=300000-' })).status).toBe(416);
    await vi.waitFor(() => expect(memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 60_000 });
  });

  test('[UP7] holds memory for all of itself, however little of it a request brings', async () => {
    const bytes = freshBytes(ROW_BYTES + 1);
    expect((await begin(bytes, { body: bytes.subarray(0, 0) })).status).toBe(202);
    const { memory } = (await clusterOf(bindings))!;
    const held = memory.free - READING_RESERVE_BYTES - ROW_BYTES;
    memory.take(held);
    const part = bytes.subarray(0, 10);
    expect(await problemOf(await resume(bytes, 0, relay.bob, part))).toMatchObject({ code: 'too-many-transfers' });
    memory.give(held);
    expect((await resume(bytes, 0, relay.bob, part)).status).toBe(202);
    await vi.waitFor(() => expect(memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 30_000 });
  });

  test('[UP7] is broken off where nothing of it comes, or nobody takes it', async () => {
    const cluster = (await clusterOf(bindings))!;
    const overAtOnce = { ...cluster, startTimer: () => ({ over: Promise.resolve(), cancel: () => undefined }) };
    const bytes = freshBytes(1_000);
    await begin(bytes, { body: new Uint8Array() });
    const stub = bindings.CHAIN.getByName(toBase64Url(relay.plain));
    const caller = { actor: relay.bob.key, nonce: freshBytes(16), expiresAt: Date.now() + MINUTE_MS };
    const turn = await withChain((chain) => chain.resumeUpload(caller, sha256(bytes), 0));
    if (!turn.ok) throw new Error(turn.error.code);
    const silent = new IdentityTransformStream().readable;
    const taken = await new UploadTaker(turn.value, overAtOnce, stub).take({ bytes: silent, digest: '' });
    expect(taken).toMatchObject({ ok: false, error: { code: 'malformed-request' } });

    const { writable } = new FixedLengthStream(1_000);
    const sending = new LargeWrites(writable, 1_000, overAtOnce.startTimer);
    await expect(sending.write(bytes)).rejects.toThrow();
  });

  test('[SC11] [UP6] that too few nodes give is unavailable, with the count that is needed, and is there when they do', async () => {
    const bytes = freshBytes(5_000);
    await begin(bytes);
    const id = await withChain((_, { blobs }) => blobs.find('attachment', sha256(bytes), Date.now())!.id);
    const taken = await deleteShards(id, 3);
    expect(await problemOf(await get(bytes))).toMatchObject({ code: 'unavailable', needed: '4', found: '3' });
    expect(await withChain((_, { blobs }) => blobs.get(id)?.missing.length)).toBe(3);
    // Or those who ask again and again for it would leave no memory for anybody (`UP7`).
    const { memory } = (await clusterOf(bindings))!;
    await vi.waitFor(() => expect(memory.free).toBe(TRANSFER_MEMORY_BYTES), { timeout: 10_000 });
    const [[name, shard]] = [...taken] as [[string, ArrayBuffer]];
    const [index = '', key = ''] = name.split(' ');
    const digest = await crypto.subtle.digest('SHA-256', shard);
    await bindings[`NODE_${index}`]!.put(key, shard, {
      sha256: digest,
      customMetadata: { expiresAt: String(Date.now() + HOUR_MS) },
    });
    expect(equalBytes(new Uint8Array(await (await get(bytes)).arrayBuffer()), bytes)).toBe(true);
  });

  test('[CR5] [UP6] is read, and brought, by a placement that this isolate has not heard of yet', async () => {
    const [first] = await Promise.all([clusterOf(bindings)]);
    const second = { ...first!.placement, number: 2 };
    const placements = async () => [first!.placement, second].map((one) => encode(placementCodec, one));
    const changed = { ...bindings, KEEPER: { getByName: () => ({ placements }) } } as unknown as RelayEnvironment;
    expect((await clusterOf(changed, 2))?.placementOf(2)).toEqual(second);
    forgetPlacements();
    expect((await clusterOf(bindings))?.placementOf(2)).toBeUndefined();
    // Whoever stumbles over one has the next call know it.
    expect((await clusterOf(changed))?.placementOf(2)).toEqual(second);
    // And nobody waits for a keeper that can't be asked.
    forgetPlacements();
    const silent = {
      ...bindings,
      KEEPER: { getByName: () => ({ placements: () => Promise.reject(new Error('it broke')) }) },
    };
    expect((await clusterOf(silent as unknown as RelayEnvironment))?.placementOf(2)).toEqual(second);
    forgetPlacements();
  });

  test('[UP6] that nobody can read, or whose time is up, says so', async () => {
    const [lying, old] = [freshBytes(100), freshBytes(200)];
    await begin(lying);
    await begin(old);
    await withChain((_, { blobs }) => blobs.setStatus(blobs.find('attachment', sha256(lying), 0)!.id, 'inconsistent'));
    expect(await problemOf(await get(lying))).toMatchObject({ code: 'attachment-inconsistent' });
    const end = await withChain((chain, { blobs }) => {
      const { expiresAt } = blobs.find('attachment', sha256(old), 0)!;
      chain.clock = () => expiresAt - 1;
      return expiresAt;
    });
    expect(equalBytes(new Uint8Array(await (await get(old)).arrayBuffer()), old)).toBe(true);
    // Its nodes have it still.
    await withChain((chain) => (chain.clock = () => end));
    expect(await problemOf(await get(old))).toMatchObject({ code: 'payload-expired' });
    await withChain((chain) => (chain.clock = () => Date.now()));
  });

  test('[SC13] is nothing that a relay without a cluster takes or has', async () => {
    const local = createRelay({ clock: () => Date.now() });
    const { CLUSTER: _, ...without } = bindings;
    const bytes = freshBytes(10);
    const ask = (method: string, path: string, body?: Uint8Array): Promise<Response> =>
      local.fetch(
        relay.caller.signed(relay.bob, { method, path, ...(body && { body }) }),
        without,
        {} as ExecutionContext,
      );
    const query = `blobs?hash=${toBase64Url(sha256(bytes))}`;
    for (const answer of [
      await ask('POST', chainPath(relay.plain, `${query}&size=10`), bytes),
      await ask('PATCH', chainPath(relay.plain, `${query}&offset=0`), bytes),
      await ask('GET', chainPath(relay.plain, query)),
      await ask('GET', pathOf(bytes)),
    ]) {
      expect(await problemOf(answer)).toMatchObject({ code: 'no-cluster' });
    }
  });

  // The last one: the chain's clock is far ahead from here on.
  test('[UP6] goes from its chain and its nodes when its time is up, though no message names it', async () => {
    const bytes = freshBytes(300);
    const stub = bindings.CHAIN.getByName(toBase64Url(relay.plain));
    // As in a chain without payloads, whose expiry would take attachments along.
    await runInDurableObject(stub, (_, { storage }) => void storage.sql.exec("DELETE FROM jobs WHERE kind = 'expiry'"));
    await begin(bytes);
    const { id, expiresAt } = await withChain((_, { blobs }) => blobs.find('attachment', sha256(bytes), Date.now())!);
    expect((await objectsOf(id)).flat()).toHaveLength(6);
    await withChain((chain) => {
      chain.clock = () => expiresAt;
    });
    while ((await objectsOf(id)).flat().length > 0) await runDurableObjectAlarm(stub);
    expect(await withChain((_, { blobs }) => blobs.get(id))).toBeUndefined();
  });
});
