import { describe, expect, inject, test } from 'vitest';
import { sha256, toHex, utf8ToBytes } from '../../core/index.ts';
import type { NodeResult, StorageNode } from '../../relay/index.ts';
import { checkPage } from '../../storage/checks.ts';
import { PeerNode, S3Node } from '../../storage/index.ts';
import { peerFault } from '../../storage/peer-answers.ts';
import { parseS3Listing, s3Fault } from '../../storage/s3-answers.ts';
import { SHARD_NODE_PROBLEMS } from '../../workers/shard-node/docs-page.ts';
import { freshArea, objectOf, someBytes, valueOf } from '../contracts/storage-node.ts';
import { SMALL_RELAY_SEED, STRANGER_SEED, type Fault } from './node-cast.ts';
import { bucket, bucketWith, peerNode, r2Node, s3Node } from './nodes.workerd.ts';

/** Only for those who never answer wholly, so that it may be as short as it likes. */
const IMPATIENT_MS = 100;

const remote = [
  ['An S3 store', (fault?: Fault) => s3Node(wayOf('s3', fault))],
  ['A peer', (fault?: Fault) => peerNode(wayOf('peer', fault))],
] as const;

function wayOf(kind: 's3' | 'peer', fault: Fault | undefined) {
  if (fault === undefined) return {};
  return { url: inject('nodes').faulty[fault][kind], ...(isSlow(fault) && { timeoutMs: IMPATIENT_MS }) };
}

function isSlow(fault: Fault): boolean {
  return fault === 'silent' || fault === 'dripping';
}

/** Every call of the port; the object is there. */
async function everyCall(node: StorageNode, kept: StorageNode): Promise<Record<string, NodeResult<unknown>>> {
  const key = freshArea()('a');
  const object = objectOf(someBytes(1_000));
  valueOf(await kept.put(key, object));
  return {
    put: await node.put(key, object),
    get: await node.get(key),
    getRange: await node.getRange(key, { offset: 10, length: 100 }),
    head: await node.head(key),
    list: await node.list({ limit: 10 }),
    delete: await node.delete(key),
  };
}

const unavailable = (reason: string) => ({ ok: false, error: { code: 'unavailable', reason } });
const notAllowed = { ok: false, error: { code: 'refused', reason: 'not-allowed' } };

describe.each(remote)('%s behind a bad way', (_name, open) => {
  const honest = () => open();

  test.each([
    ['is cut off', 'cut', 'network'],
    ['never answers', 'silent', 'timeout'],
    ['fails', 'failed', 'failed'],
    ['is busy', 'busy', 'busy'],
    ['is some other server', 'foreign', 'bad-answer'],
    ['has moved, which is not followed', 'moved', 'bad-answer'],
    ['sends without end', 'endless', 'bad-answer'],
    ['sends a byte now and then', 'dripping', 'timeout'],
  ] as const)('[SN6, SN7] that %s is unavailable, for every call', async (_what, fault, reason) => {
    for (const [call, result] of Object.entries(await everyCall(open(fault), honest()))) {
      expect(result, call).toEqual(unavailable(reason));
    }
  });

  test('[SN7] breaks off in the middle of an answer: unavailable, not a shorter object', async () => {
    const { get, getRange, list } = await everyCall(open('truncated'), honest());
    for (const result of [get, getRange, list]) expect(result).toEqual(unavailable('network'));
  });

  test('[SN5] gives fewer bytes as if that were all: a range is corrupt, and the hash tells of the whole', async () => {
    const { get, getRange } = await everyCall(open('shortened'), honest());
    expect(getRange).toEqual({ ok: false, error: { code: 'corrupt' } });
    expect(valueOf(get as NodeResult<Uint8Array>)).toHaveLength(500);
  });

  test('[SN5] gives other bytes: the port lets them pass, and the hash of the caller finds it', async () => {
    const [key, object] = [freshArea()('a'), objectOf(someBytes(1_000))];
    valueOf(await honest().put(key, object));
    const bytes = valueOf(await open('damaged').get(key));
    expect(bytes).toHaveLength(1_000);
    expect(toHex(sha256(bytes))).not.toBe(toHex(object.sha256));
    expect(valueOf(await honest().get(key))).toEqual(object.bytes);
  });

  test('[SN6] leaves open whether an unanswered put was done, and the same put again is right either way', async () => {
    const [key, object] = [freshArea()('a'), objectOf(someBytes(1_000))];
    expect(await open('failed').put(key, object)).toEqual(unavailable('failed'));
    valueOf(await honest().put(key, object));
    valueOf(await honest().put(key, object));
    expect(valueOf(await honest().get(key))).toEqual(object.bytes);
  });
});

test('[SN6] an address where nobody listens is unavailable', async () => {
  for (const node of [s3Node({ url: 'http://127.0.0.1:9' }), peerNode({ url: 'http://127.0.0.1:9' })]) {
    expect(await node.get(freshArea()('a'))).toEqual(unavailable('network'));
  }
});

describe('Whom a node lets in', () => {
  test('[SN11] credentials that are wrong are refused, and never look like a missing object', async () => {
    const calls = await everyCall(s3Node({ secretAccessKey: 'another' }), s3Node());
    for (const [call, result] of Object.entries(calls)) expect(result, call).toEqual(notAllowed);
  });

  test('[SN11] a bucket that is missing is refused, and never looks like a missing object', async () => {
    const calls = await everyCall(s3Node({ bucket: 'nowhere' }), s3Node());
    for (const [call, result] of Object.entries(calls)) expect(result, call).toEqual(notAllowed);
  });

  test('[SN14] a relay that is not listed is refused', async () => {
    const calls = await everyCall(peerNode({ seed: STRANGER_SEED }), peerNode());
    for (const [call, result] of Object.entries(calls)) expect(result, call).toEqual(notAllowed);
  });

  test('[SN12] a peer whose signatures are of another key is refused', async () => {
    const honest = peerNode();
    const forger = new PeerNode({
      origin: inject('nodes').peer,
      signer: { actor: new Uint8Array(32).fill(1), sign: () => new Uint8Array(64) },
      clock: () => Date.now(),
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    });
    const calls = await everyCall(forger, honest);
    for (const [call, result] of Object.entries(calls)) expect(result, call).toEqual(notAllowed);
  });

  test('[SN14] relays have objects of their own under the same keys', async () => {
    const [key, one, other] = [freshArea()('a'), peerNode(), peerNode({ seed: SMALL_RELAY_SEED })];
    const objects = [objectOf(someBytes(10)), objectOf(someBytes(20))] as const;
    valueOf(await one.put(key, objects[0]));
    expect(await other.get(key)).toEqual({ ok: false, error: { code: 'not-found' } });
    valueOf(await other.put(key, objects[1]));
    valueOf(await other.delete(key));
    expect(valueOf(await one.get(key))).toEqual(objects[0].bytes);
  });

  test('[SN16] a full quota refuses more, and takes it again when something is deleted', async () => {
    const [keyOf, node] = [freshArea(), peerNode({ seed: SMALL_RELAY_SEED })];
    const half = objectOf(someBytes(500_000));
    valueOf(await node.put(keyOf('a'), half));
    valueOf(await node.put(keyOf('b'), half));
    expect(await node.put(keyOf('c'), half)).toEqual({ ok: false, error: { code: 'refused', reason: 'quota-full' } });
    expect(await node.get(keyOf('c'))).toEqual({ ok: false, error: { code: 'not-found' } });
    valueOf(await node.delete(keyOf('a')));
    valueOf(await node.put(keyOf('c'), half));
    for (const rest of ['b', 'c']) valueOf(await node.delete(keyOf(rest)));
  });

  test('[SN4] a peer keeps nothing longer than it says', async () => {
    const object = objectOf(someBytes(10), Date.now() + 400 * 86_400_000);
    const refusal = { ok: false, error: { code: 'refused', reason: 'expiry' } };
    expect(await peerNode().put(freshArea()('a'), object)).toEqual(refusal);
  });

  test.each(['http://shards.example', 'ftp://127.0.0.1', 'nothing'])('[SN12] %s is no address of a node', (url) => {
    expect(() => peerNode({ url })).toThrow(TypeError);
    expect(() => s3Node({ url })).toThrow(TypeError);
  });
});

describe('That an object is missing', () => {
  function answer(status: number, text: string, contentType = 'text/html') {
    return { status, headers: new Headers({ 'content-type': contentType }), body: utf8ToBytes(text) };
  }

  const s3Error = (status: number, code: string) =>
    s3Fault(answer(status, `<Error><Code>${code}</Code></Error>`, 'application/xml'));
  const problem = (code: string, contentType = 'application/problem+json') =>
    peerFault(answer(404, JSON.stringify({ code }), contentType));

  test('[SN6] [SN11] is what an S3 store says, and no other 404 is', () => {
    expect(s3Error(404, 'NoSuchKey')).toEqual({ code: 'not-found' });
    expect(s3Error(404, 'NoSuchBucket')).toEqual({ code: 'refused', reason: 'not-allowed' });
    expect(s3Error(404, 'NoSuchVersion')).toEqual({ code: 'refused', reason: 'other' });
    expect(s3Fault(answer(404, ''))).toEqual({ code: 'unavailable', reason: 'bad-answer' });
    expect(s3Fault(answer(500, 'NoSuchKey'))).toEqual({ code: 'unavailable', reason: 'failed' });
  });

  test('[SN6] [SN18] is what a peer says as a problem of that code, and no other one', () => {
    const gone = SHARD_NODE_PROBLEMS.filter((code) => problem(code).code === 'not-found');
    expect(gone).toEqual(['no-such-object']);
    expect(problem('not-found')).toEqual({ code: 'unavailable', reason: 'bad-answer' });
    expect(problem('no-such-object', 'application/json')).toEqual({ code: 'unavailable', reason: 'bad-answer' });
    expect(problem('no-such-thing')).toEqual({ code: 'unavailable', reason: 'bad-answer' });
  });
});

describe('A bucket', () => {
  const hanging = () => new Promise<never>(() => undefined);
  const failing = (message: string) => () => Promise.reject(new Error(message));

  test.each([
    ['that never answers', hanging, 'timeout'],
    ['that has too much to do', failing('get: Too many concurrent requests (10058)'), 'busy'],
    ['that fails', failing('get: We encountered an internal error (10001)'), 'failed'],
  ])('[SN7] %s is unavailable, for every call', async (_what, act, reason) => {
    const change = { put: act, get: act, head: act, list: act, delete: act } as unknown as Partial<R2Bucket>;
    const broken = r2Node({ bucket: bucketWith(bucket, change), timeoutMs: IMPATIENT_MS });
    for (const [call, result] of Object.entries(await everyCall(broken, r2Node()))) {
      expect(result, call).toEqual(unavailable(reason));
    }
  });

  test('[SN10] what somebody else put there is corrupt, and is listed to be found', async () => {
    const key = freshArea()('a');
    await bucket.put(`shards/${key}`, someBytes(10));
    expect(await r2Node().get(key)).toEqual({ ok: false, error: { code: 'corrupt' } });
    expect(await r2Node().head(key)).toEqual({ ok: false, error: { code: 'corrupt' } });
    const { objects } = valueOf(await r2Node().list({ after: key.slice(0, -2), limit: 1 }));
    expect(objects).toEqual([{ key, size: 10 }]);
    valueOf(await r2Node().put(key, objectOf(someBytes(10))));
    valueOf(await r2Node().get(key));
  });

  test('[SN8] leaves names that are no keys out of its list', async () => {
    const area = freshArea()('x').slice(0, -2);
    await bucket.put(`shards/${area}/not a key`, someBytes(1));
    await bucket.put(`shards/${area}/not a key/`, someBytes(1));
    valueOf(await r2Node().put(freshArea()('a'), objectOf(someBytes(1))));
    const page = valueOf(await r2Node().list({ after: area, limit: 1 }));
    expect(page).toEqual({ objects: [], next: `${area}/not a key` });
    const { objects } = valueOf(await r2Node().list({ after: area, limit: 1_000 }));
    expect(objects.filter(({ key }) => key.startsWith(area))).toEqual([]);
  });
});

test('[SN11] S3 requests are signed for the time of the clock', async () => {
  const node = new S3Node({
    endpoint: inject('nodes').s3,
    bucket: 's3-node',
    region: 'auto',
    accessKeyId: 'contract',
    secretAccessKey: 'only-for-tests',
    clock: () => Date.now() - 3_600_000,
  });
  expect(await node.get(freshArea()('a'))).toEqual(notAllowed);
});

const PAGE = { after: 'b', limit: 2 };
const BAD = unavailable('bad-answer');
const listed = (...keys: string[]) => keys.map((key) => ({ key, size: 1 }));

describe('a page of a list', () => {
  test('[SN8] rises, and has no more objects than were asked for, nor a cursor longer than any key', () => {
    expect(checkPage(PAGE, listed('c', 'd'), 'd')).toEqual({
      ok: true,
      value: { objects: listed('c', 'd'), next: 'd' },
    });
    expect(checkPage(PAGE, listed('c', 'd', 'e'), 'e')).toEqual(BAD);
    expect(checkPage(PAGE, listed('c'), 'd'.repeat(1_025))).toEqual(BAD);
    expect(checkPage(PAGE, listed('d', 'c'), 'd')).toEqual(BAD);
    expect(checkPage(PAGE, [], 'b')).toEqual(BAD);
    expect(checkPage(PAGE, listed('c', 'd'), 'c')).toEqual(BAD);
  });

  test('[SN7, SN8] of a store that begins a hundred thousand objects and ends none is read in one go', () => {
    const head = '<ListBucketResult><IsTruncated>true</IsTruncated>';
    const endless = parseS3Listing(utf8ToBytes(head + '<Contents>'.repeat(100_000)), '');
    expect(endless).toEqual({ objects: [], isTruncated: true });
    const one = '<Contents><Key>c/1</Key><Size>7</Size></Contents>';
    const whole = parseS3Listing(utf8ToBytes(`${head}${one}\n${one.replace('1', '2')}`), 'c/');
    expect(whole?.objects).toEqual([
      { key: '1', size: 7 },
      { key: '2', size: 7 },
    ]);
  });
});
