import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  chainDownFrame,
  chainUpFrame,
  DAY_MS,
  decodeTrusted,
  sha256,
  ticketAnswer,
  toHex,
  type ChainDownFrame,
  type ChainUpFrame,
} from '../../../core/index.ts';
import { ChainStore } from '../../../durable-objects/chain/store.ts';
import { HOT_AGE_MS, shardPartKey, type StoredBlob } from '../../../relay/index.ts';
import { damages } from '../../relay/cluster/stored-blobs.ts';
import { TestActor, type Seen } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { SocketPeer } from '../socket-peer.ts';
import { callerOf, chainStub, replayUnder, T0, TestChain, valueOf } from './test-chain.ts';
import { TestCluster } from './test-cluster.ts';

const alice = new TestActor('alice');
const EXPIRY = T0 + 30 * DAY_MS;
/** Of 6 nodes; any 4 shards are enough. */
const FAULTS = 1;

let chain: TestChain;
let cluster: TestCluster;
let time: number;

beforeEach(async () => {
  chain = await TestChain.found(alice);
  cluster = new TestCluster();
  await wake(T0);
});

/** What tests change of an object is in its memory alone, so it is said again after a death. */
async function wake(clock = time): Promise<void> {
  time = clock;
  await chain.setClock(clock);
  await runInDurableObject(chain.stub, (object) => {
    object.cluster = cluster.open;
  });
}

/** Messages of so many bytes each. */
async function say(count: number, bytes: number, read?: Seen): Promise<readonly Uint8Array[]> {
  const seen = read ?? (await chain.head());
  const payloads = Array.from({ length: count }, () => bytesFor('said', said++, bytes));
  const { outcomes } = await chain.append(...payloads.map((payload) => alice.message(chain.id, seen, time, payload)));
  expect(outcomes.map(({ kind }) => kind)).toEqual(payloads.map(() => 'accepted'));
  return payloads;
}
let said = 0;

/** A number that SQL gives. */
async function count(query: string): Promise<number> {
  return runInDurableObject(chain.stub, (_, { storage }) => Number(storage.sql.exec(query).one()['n']));
}

const hot = () => count('SELECT count(*) AS n FROM payloads');
const segments = () => count('SELECT count(*) AS n FROM segments');
const toDelete = () => count('SELECT count(*) AS n FROM tombstones');

/** Runs what is due until it is so; a step may take longer than the alarm waits for it. */
async function runUntil(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await runDurableObjectAlarm(chain.stub);
}

async function flush(clock = time + HOT_AGE_MS): Promise<void> {
  await wake(clock);
  await runUntil(async () => (await hot()) === 0);
}

async function expire(clock: number): Promise<void> {
  await wake(clock);
  await runUntil(async () => (await segments()) + (await toDelete()) === 0);
}

/** Payloads by their hashes: megabytes take long to compare, byte by byte. */
function named(payloads: readonly (Uint8Array | undefined)[]): readonly (string | undefined)[] {
  return payloads.map((payload) => payload && toHex(sha256(payload)));
}

/** Those of all entries but the genesis, as pages give them. */
async function readAll(): Promise<readonly (string | undefined)[]> {
  const pages = await chain.pages(alice);
  return named(pages.flatMap(({ entries }) => entries.map(({ payload }) => payload)).slice(1));
}

/** The memory of the object is gone, as after a power failure; whatever it waited for never comes. */
async function kill(): Promise<void> {
  await runInDurableObject(chain.stub, (_, state) => state.abort('killed')).catch(() => undefined);
  cluster.revive();
  // What was asked through a stub whose object died is never answered any more.
  chain = new TestChain(await chainStub(chain.genesis), alice, chain.genesis);
  await wake();
}

describe('payloads', { timeout: 120_000 }, () => {
  it('[TI1, TI3, TI4] leave their chain together once the oldest is an hour old, and are read as before', async () => {
    const payloads = await say(20, 700);
    await wake(T0 + HOT_AGE_MS - 1);
    await runDurableObjectAlarm(chain.stub);
    expect(cluster.count('put')).toBe(0);
    await flush(T0 + HOT_AGE_MS);
    expect(cluster.asked.filter((one) => one.startsWith('put')).toSorted()).toEqual(
      cluster.names.map((name) => `put ${name}`),
    );
    expect(await cluster.objectsOf(chain.id)).toHaveLength(cluster.names.length);
    expect(await count('SELECT count(*) AS n FROM segment_intent')).toBe(0);
    expect(await readAll()).toEqual(named(payloads));
    for (const payload of payloads.slice(0, 3)) {
      expect(await chain.object.payload(callerOf(alice), sha256(payload))).toEqual({ ok: true, value: payload });
    }
    expect((await chain.audit()).size).toBe(21);
    const later = await say(2, 700);
    expect(await readAll()).toEqual(named([...payloads, ...later]));
  });

  it('[TI1, TI5] leave at once where a segment is full; whoever reads on asks for each segment once', async () => {
    const payloads = [...(await say(50, 16_384)), ...(await say(50, 16_384))];
    await runUntil(async () => (await segments()) === 1);
    expect(await hot()).toBeGreaterThan(0);
    await flush();
    expect(await segments()).toBe(2);
    cluster.asked.length = 0;
    expect(await readAll()).toEqual(named(payloads));
    expect(await readAll()).toEqual(named(payloads));
    expect(cluster.count('get') + cluster.count('getRange')).toBe(2 * 4);
  });

  it('[TI5] are found by their hash wherever they are, the newest that a reader may have', async () => {
    const [same] = await say(1, 300);
    await flush();
    await chain.append(alice.message(chain.id, await chain.head(), time, same!));
    await flush();
    expect(await segments()).toBe(2);
    await wake(EXPIRY);
    // The first of the two has expired, and the other not yet.
    expect(await chain.object.payload(callerOf(alice), sha256(same!))).toEqual({ ok: true, value: same });
    await wake(EXPIRY + HOT_AGE_MS);
    expect(await chain.object.payload(callerOf(alice), sha256(same!))).toMatchObject({
      error: { code: 'payload-expired' },
    });
  });

  it('[TI2] stay where they are without a cluster, where they live for less than two hours, and where they fill a segment', async () => {
    await runInDurableObject(chain.stub, (object) => {
      object.cluster = () => Promise.resolve(undefined);
    });
    await say(2, 100);
    await chain.setClock(T0 + 10 * HOT_AGE_MS);
    await runDurableObjectAlarm(chain.stub);
    expect(await hot()).toBe(2);
    expect(await count("SELECT count(*) AS n FROM jobs WHERE kind = 'segments'")).toBe(0);
    chain = await TestChain.found(alice, { retentionMs: 7_199_999 });
    await wake(T0);
    await say(2, 100);
    expect(await count("SELECT count(*) AS n FROM jobs WHERE kind = 'segments'")).toBe(0);
  });

  it('[TI3] are taken and read while the cluster does not answer, and none is lost when it refuses', async () => {
    const first = await say(3, 500);
    cluster.held = 'put';
    await wake(T0 + HOT_AGE_MS);
    const flushing = runDurableObjectAlarm(chain.stub);
    while (cluster.count('put') < 6) await scheduler.wait(5);
    const second = await say(3, 500);
    expect(await readAll()).toEqual(named([...first, ...second]));
    for (const name of cluster.names.slice(0, FAULTS + 1)) cluster.away.add(name);
    cluster.held = undefined;
    await flushing;
    await runUntil(async () => (await count("SELECT attempt AS n FROM jobs WHERE kind = 'segments'")) === 1);
    expect(await hot()).toBe(6);
    cluster.away.clear();
    await flush();
    expect(await readAll()).toEqual(named([...first, ...second]));
    // What was left of the refused one was written over, and nothing deleted that could come late.
    expect(cluster.count('delete')).toBe(0);
    expect(await cluster.objectsOf(chain.id)).toHaveLength(cluster.names.length * (await segments()));
  });

  it('[TI6] [BL12] are read whole with f nodes away at writing and others at reading; past the bound they say so, and come back', async () => {
    cluster.away.add('node-0');
    const payloads = await say(12, 3_000);
    await flush();
    cluster.away.clear();
    for (const name of cluster.names.slice(1)) {
      cluster.away.clear();
      cluster.away.add(name);
      await kill();
      expect(await readAll(), name).toEqual(named(payloads));
    }
    cluster.away.clear();
    for (const name of ['node-1', 'node-2', 'node-3']) cluster.away.add(name);
    await kill();
    expect(await readAll()).toEqual(payloads.map(() => undefined));
    const answers = await Promise.all(
      payloads.map((payload) => chain.object.payload(callerOf(alice), sha256(payload))),
    );
    expect(answers.some(({ ok }) => !ok)).toBe(true);
    for (const [i, answer] of answers.entries()) {
      // One that lies in a shard that is at hand is read from there, and no other shard is needed.
      if (answer.ok) expect(answer.value).toEqual(payloads[i]);
      else expect(answer.error).toMatchObject({ code: 'payload-unavailable', needed: 4 });
    }
    cluster.away.clear();
    expect(await readAll()).toEqual(named(payloads));
    // And bytes that are not those of their name are given to nobody, from the nodes and from memory.
    await displace(1);
    for (const read of [readAll, readAll]) {
      expect(await read()).toEqual(named(payloads).with(0, undefined));
      expect(await chain.object.payload(callerOf(alice), sha256(payloads[0]!))).toMatchObject({
        error: { code: 'payload-unavailable', needed: 4, found: 0 },
      });
      await kill();
    }
  });

  it('[TI6] [SC12] [CR2] are read whole where shards of their segment are damaged in every way, and these are made anew', async () => {
    const payloads = [...(await say(3, 2_000))];
    await flush();
    payloads.push(...(await say(3, 2_000)));
    await flush();
    const [blob, other] = await storedBlobs();
    const shardOf = async (): Promise<string> => {
      const got = await cluster.nodeOf(blob!.id, 1).node.get(shardPartKey({ ...blob!, shard: 1, part: 0 }));
      return got.ok ? toHex(got.value) : got.error.code;
    };
    const written = await shardOf();
    for (const [name, damage] of Object.entries(damages)) {
      await damage(cluster, blob!, 1, other!);
      expect(await shardOf(), name).not.toBe(written);
      await kill();
      expect(await readAll(), name).toEqual(named(payloads));
      await runUntil(async () => (await shardOf()) === written);
    }
  });
});

/** The blobs of the chain's segments. */
function storedBlobs(): Promise<readonly StoredBlob[]> {
  return runInDurableObject(chain.stub, (_, { storage }) =>
    new ChainStore(storage).blobs.page(undefined, 9).map((row) => ({ ...row, chain: chain.id })),
  );
}

/** As if other bytes had been computed where the payload of an entry lies. */
async function displace(index: number): Promise<void> {
  await runInDurableObject(chain.stub, (_, { storage }) => {
    const { segments } = new ChainStore(storage);
    const { segment } = segments.placeOf(index)!;
    const places = segment.places.map((place) =>
      place.index === index ? { ...place, start: place.start + 1, end: place.end + 1 } : place,
    );
    segments.drop(segment.first);
    segments.add({ ...segment, places });
  });
}

describe('a stream', { timeout: 120_000 }, () => {
  class Peer extends SocketPeer<ChainUpFrame, ChainDownFrame> {
    constructor(socket: WebSocket) {
      super(socket, chainUpFrame, chainDownFrame);
    }

    get entries() {
      return this.frames.flatMap((frame) => (frame.kind === 'entries' ? frame.value.entries : []));
    }

    get checkpoint(): string {
      const page = this.frames.findLast((frame) => frame.kind === 'entries');
      return page?.kind === 'entries' ? page.value.checkpoint : '';
    }
  }

  async function subscribe(): Promise<Peer> {
    const headers = { upgrade: 'websocket', origin: 'https://app.example' };
    const response = await chain.stub.fetch('https://relay/stream', { headers });
    const peer = new Peer(response.webSocket as WebSocket);
    const { ticket } = decodeTrusted(
      ticketAnswer,
      valueOf(await chain.object.ticket(callerOf(alice), 'https://app.example')),
    );
    peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
    return peer;
  }

  it('[TI5, SK3] goes from cold history to what is new without a gap, a repetition or a second caught-up', async () => {
    const cold = [...(await say(12, 16_384)), ...(await say(12, 16_384))];
    await flush();
    const seen = await chain.head();
    // What was read for that is not to be in memory.
    await kill();
    cluster.asked.length = 0;
    cluster.held = 'get';
    const peers = [await subscribe(), await subscribe()];
    while (!cluster.asked.some((one) => one.startsWith('get'))) await scheduler.wait(5);
    const live = [...(await say(3, 400, seen))];
    cluster.held = undefined;
    for (let i = 0; i < 5; i++) live.push(...(await say(2, 400, seen)));
    const total = 1 + cold.length + live.length;
    for (const peer of peers) {
      await peer.until(({ kind }) => kind === 'caughtUp');
      const last = await say(1, 50, seen);
      live.push(...last);
      while (peer.entries.length < total + last.length) await scheduler.wait(5);
    }
    const [first] = peers;
    while (first!.entries.length < 1 + cold.length + live.length) await scheduler.wait(5);
    for (const peer of peers) {
      expect(peer.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
      expect(named(peer.entries.slice(1).map(({ payload }) => payload))).toEqual(named([...cold, ...live]));
      peer.close();
    }
    const entries = first!.entries.map(({ entry }) => entry);
    expect(replayUnder(chain.id, entries, first!.checkpoint).size).toBe(entries.length);
  });
});

describe('what has expired', { timeout: 120_000 }, () => {
  it('[TI7, TI8] is refused, then gone from every node, however long one was away; the entries still prove it', async () => {
    const payloads = await say(4, 900);
    await flush();
    await wake(EXPIRY);
    expect(await readAll()).toEqual(payloads.map(() => undefined));
    const hash = sha256(payloads[0]!);
    expect(await chain.object.payload(callerOf(alice), hash)).toMatchObject({ error: { code: 'payload-expired' } });
    cluster.away.add('node-2');
    await runUntil(async () => (await toDelete()) === 1 && (await cluster.objectsOf(chain.id)).length === 1);
    expect(await segments()).toBe(0);
    expect(await count('SELECT count(*) AS n FROM blobs')).toBe(0);
    expect(await count('SELECT count(*) AS n FROM payload_lookup')).toBe(0);
    expect(await chain.object.payload(callerOf(alice), hash)).toMatchObject({ error: { code: 'not-found' } });
    await wake(EXPIRY + 5 * DAY_MS);
    await runDurableObjectAlarm(chain.stub);
    expect(await toDelete()).toBe(1);
    cluster.away.clear();
    await expire(EXPIRY + 6 * DAY_MS);
    expect(await cluster.objectsOf(chain.id)).toEqual([]);
    expect((await chain.audit()).size).toBe(5);
  });
});

describe('an alarm', { timeout: 120_000 }, () => {
  it('[TI8] that is lost or comes twice deletes what has expired all the same, and asks each node once', async () => {
    await say(2, 500);
    await flush();
    await runInDurableObject(chain.stub, (_, { storage }) => storage.deleteAlarm());
    time = EXPIRY;
    await kill();
    const alarm = await runInDurableObject(chain.stub, (_, { storage }) => storage.getAlarm());
    expect(alarm).not.toBeNull();
    const runTwice = () =>
      Promise.all([runDurableObjectAlarm(chain.stub), runInDurableObject(chain.stub, (o) => o.alarm())]);
    while ((await segments()) + (await toDelete()) > 0) await runTwice();
    await runTwice();
    expect(cluster.asked.filter((one) => one.startsWith('delete')).toSorted()).toEqual(
      cluster.names.map((name) => `delete ${name}`),
    );
    expect(await cluster.objectsOf(chain.id)).toEqual([]);
  });
});

describe('an object that is killed', { timeout: 240_000 }, () => {
  /** Of the twelve steps at which somebody who asks each of six nodes one thing can die: before, between and after. */
  const steps = [0, 1, 5, 6, 11];

  it('[TI4] at any step of a flush has lost nothing, and leaves nothing at the nodes that is not of a segment', async () => {
    const names = new Set<string>();
    const payloads: Uint8Array[] = [];
    for (const step of steps) {
      payloads.push(...(await say(2, 400)));
      await wake(time + HOT_AGE_MS);
      cluster.dieAt(step);
      const dying = runDurableObjectAlarm(chain.stub).catch(() => undefined);
      await cluster.death();
      names.add(cluster.passed.at(-1)!);
      await kill();
      await dying;
      expect(await readAll(), `killed at step ${step}`).toEqual(named(payloads));
      await runUntil(async () => (await hot()) === 0);
      expect(await readAll(), `after step ${step}`).toEqual(named(payloads));
      expect(await cluster.objectsOf(chain.id)).toHaveLength(6 * (await segments()));
    }
    const puts = cluster.names.flatMap((name) => [`before put ${name}`, `after put ${name}`]);
    expect([...names].every((name) => puts.includes(name))).toBe(true);
    expect(names.size).toBeGreaterThan(2);
    await expire(time + 31 * DAY_MS);
    expect(await cluster.objectsOf(chain.id)).toEqual([]);
  });

  it('[TI4] while the cluster is away, for longer than a payload lives, leaves nothing behind', async () => {
    await say(2, 400);
    await wake(time + HOT_AGE_MS);
    cluster.dieAt(7);
    const dying = runDurableObjectAlarm(chain.stub).catch(() => undefined);
    await cluster.death();
    await kill();
    await dying;
    expect(await cluster.objectsOf(chain.id)).not.toEqual([]);
    await wake(EXPIRY);
    await runUntil(async () => (await hot()) === 0 && (await count('SELECT count(*) AS n FROM segment_intent')) === 0);
    await expire(EXPIRY + DAY_MS);
    expect(await cluster.objectsOf(chain.id)).toEqual([]);
  });

  it('[TI8] at any step of an expiry brings nothing back, and deletes what is left', async () => {
    for (const step of steps) {
      const [payload] = await say(1, 400);
      await flush();
      await wake(time + 30 * DAY_MS);
      cluster.dieAt(step);
      const dying = runDurableObjectAlarm(chain.stub).catch(() => undefined);
      await cluster.death();
      await kill();
      await dying;
      expect((await readAll()).at(-1), `killed at step ${step}`).toBeUndefined();
      expect((await chain.object.payload(callerOf(alice), sha256(payload!))).ok).toBe(false);
      await expire(time + DAY_MS);
      expect(await cluster.objectsOf(chain.id), `after step ${step}`).toEqual([]);
    }
    expect((await chain.audit()).size).toBe(1 + steps.length);
  });
});
