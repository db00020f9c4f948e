import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  decodeTrusted,
  MAX_STREAM_SOCKETS,
  ticketAnswer,
  toBase64Url,
  utf8ToBytes,
  type TicketAnswer,
} from '../../../core/index.ts';
import { shareName, type FanoutObject, type RelayEnvironment } from '../../../durable-objects/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, replayUnder, T0, TestChain, valueOf } from '../chain/test-chain.ts';
import { ChainPeer as Peer } from '../chain-peer.ts';

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const carol = new TestActor('carol');

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.found(alice);
  await chain.add(bob);
  await chain.add(carol);
  await takeAllPlaces(chain.stub);
});

/** As many tickets as there are sockets: whoever comes next has to go elsewhere. */
async function takeAllPlaces(object: DurableObjectStub): Promise<void> {
  await runInDurableObject(object, (_, { storage }) => {
    storage.sql.exec(
      `INSERT INTO tickets (hash, actor, expires_at) WITH RECURSIVE n(i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT randomblob(32), randomblob(32), ? FROM n`,
      MAX_STREAM_SOCKETS,
      T0 + 1_000_000,
    );
  });
}

async function shareStub(share: number): Promise<DurableObjectStub<FanoutObject>> {
  const { FANOUT } = env as unknown as RelayEnvironment;
  const stub = FANOUT.getByName(shareName(toBase64Url(chain.id), share));
  await runInDurableObject(stub, (instance) => {
    instance.clock = () => T0;
  });
  return stub;
}

async function ticketOf(actor: TestActor): Promise<TicketAnswer> {
  // Its clock stands still before it is asked for the first ticket.
  await shareStub(1);
  return decodeTrusted(ticketAnswer, valueOf(await chain.object.ticket(callerOf(actor), '')));
}

async function connect(object: { fetch: DurableObjectStub['fetch'] }): Promise<Peer> {
  const { webSocket } = await object.fetch('https://relay/stream', { headers: { upgrade: 'websocket' } });
  return new Peer(webSocket as WebSocket);
}

/** A reader of the share that the chain chose. */
async function subscribe(actor: TestActor, cursor = 0): Promise<Peer> {
  const { ticket, share } = await ticketOf(actor);
  expect(share).toBe(1);
  const peer = await connect(await shareStub(share));
  peer.send({ kind: 'open', value: { ticket, cursor } });
  await peer.until(({ kind }) => kind === 'caughtUp');
  return peer;
}

async function say(text: string, by = alice): Promise<void> {
  await chain.append(by.message(chain.id, await chain.head(), T0, utf8ToBytes(text)));
}

/** The answers of the shares to the last flush have been taken. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await runInDurableObject(chain.stub, () => scheduler.wait(20));
}

function registered(): Promise<number[]> {
  return runInDurableObject(chain.stub, (_, { storage }) =>
    [...storage.sql.exec('SELECT number FROM shares').raw<[number]>()].map(([number]) => number),
  );
}

function pokedMembers(): Promise<string[]> {
  return runInDurableObject(chain.stub, (_, { storage }) =>
    [...storage.sql.exec('SELECT recipient FROM pokes').raw<[ArrayBuffer]>()].map(([recipient]) =>
      toBase64Url(new Uint8Array(recipient)),
    ),
  );
}

/** Has no passage arrive, until the returned function is called. */
async function cutOff(share: DurableObjectStub<FanoutObject>): Promise<() => void> {
  const { prototype, pass } = await runInDurableObject(share, (instance) => {
    const found = Object.getPrototypeOf(instance) as { pass: FanoutObject['pass'] };
    return { prototype: found, pass: found.pass };
  });
  prototype.pass = () => Promise.reject(new Error('cut off'));
  const restore = (): void => {
    prototype.pass = pass;
  };
  onTestFinished(restore);
  return restore;
}

describe('a reader beyond the sockets that a chain serves itself', () => {
  it('[SK12] reads and appends through a share as through the chain: history, one caught-up, every entry once', async () => {
    const seen = await chain.head();
    const message = (i: number) => alice.message(chain.id, seen, T0, bytesFor('payload', i, 700));
    for (let i = 0; i < 3; i++) await chain.append(...Array.from({ length: 200 }, (_, j) => message(i * 200 + j)));
    const [peer, other] = await Promise.all([
      subscribe(bob),
      subscribe(carol, 500),
      ...Array.from({ length: 20 }, (_, i) => chain.append(message(2000 + i))),
    ]);
    const submissions = [bob.message(chain.id, seen, T0, utf8ToBytes('from a share'))];
    peer.send({ kind: 'append', value: { request: 7, append: { submissions } } });
    expect(await peer.until(({ kind }) => kind === 'appended')).toMatchObject({
      value: { answers: [{ request: 7, outcomes: [{ kind: 'accepted' }] }] },
    });
    const total = 3 + 600 + 20 + 1;
    await Promise.all([peer.untilSize(total), other.untilSize(total - 500)]);
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(total);
    expect(other.entries()).toEqual(peer.entries().slice(500));
    expect(peer.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
  });

  it('[SK12] has a ticket for its share alone; nobody opens a share that no ticket was issued for', async () => {
    const { ticket, share } = await ticketOf(bob);
    const wrong = await connect(chain.stub);
    wrong.send({ kind: 'open', value: { ticket, cursor: 0 } });
    expect((await wrong.closed).reason).toBe('ticket-invalid');
    const none = await (await shareStub(9)).fetch('https://relay/stream', { headers: { upgrade: 'websocket' } });
    expect(none.status).toBe(404);
    const right = await connect(await shareStub(share));
    right.send({ kind: 'open', value: { ticket, cursor: 0 } });
    await right.until(({ kind }) => kind === 'caughtUp');
    const again = await connect(await shareStub(share));
    again.send({ kind: 'open', value: { ticket, cursor: 0 } });
    expect((await again.closed).reason).toBe('ticket-invalid');
  });

  it('[SK12] goes to the next share where one is full, and a share that is empty is dropped', async () => {
    const peer = await subscribe(bob);
    await takeAllPlaces(await shareStub(1));
    await shareStub(2);
    expect((await ticketOf(carol)).share).toBe(2);
    expect(await registered()).toEqual([1, 2]);
    await runInDurableObject(await shareStub(1), (_, { storage }) => void storage.sql.exec('DELETE FROM tickets'));
    peer.close();
    await peer.closed;
    await say('anyone there?');
    await settled();
    expect(await registered()).toEqual([2]);
  });

  it('[SK13] gets what its share missed, in order and once, and the chain does not wait for the share', async () => {
    const peer = await subscribe(bob);
    const share = await shareStub(1);
    const restore = await cutOff(share);
    for (const text of ['lost', 'lost as well']) await say(text);
    await settled();
    expect(peer.entries()).toHaveLength(3);
    restore();
    await say('arrives, and shows the gap');
    await peer.untilSize(6);
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(6);
  });

  it('[SK13] gets what its share missed also when nothing follows, and nobody remembers', async () => {
    const peer = await subscribe(bob);
    const restore = await cutOff(await shareStub(1));
    await say('the last word');
    await settled();
    restore();
    await evictDurableObject(chain.stub);
    await evictDurableObject(await shareStub(1));
    await shareStub(1);
    await chain.setClock(T0 + 60_000);
    await runDurableObjectAlarm(chain.stub);
    await peer.untilSize(4);
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(4);
  });

  it('[SK4, SK13] keeps its socket while chain and share sleep, and misses nothing', async () => {
    const peer = await subscribe(bob);
    await say('before');
    await peer.untilSize(4);
    await evictDurableObject(await shareStub(1));
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    await say('after');
    await peer.untilSize(5);
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(5);
  });

  it('[AC4, SK11] is cut off with the flush that removes it, also where its share missed that one', async () => {
    const [leaves, stays] = [await subscribe(bob), await subscribe(carol)];
    await chain.remove(bob);
    expect((await leaves.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, leaves.entries(), leaves.checkpoint()).size).toBe(4);
    await say('only for those who stayed');
    await stays.untilSize(5);
    const restore = await cutOff(await shareStub(1));
    const seen = await chain.head();
    await chain.remove(carol);
    await settled();
    const submissions = [carol.message(chain.id, seen, T0, utf8ToBytes('too late'))];
    stays.send({ kind: 'append', value: { request: 1, append: { submissions } } });
    expect((await stays.closed).reason).toBe('actor-removed');
    restore();
    expect((await chain.audit()).size).toBe(6);
  });

  it('[SK13] that lags behind a gap with its removal in it gets nothing after that', async () => {
    const peer = await subscribe(bob);
    const restore = await cutOff(await shareStub(1));
    await say('one');
    await chain.remove(bob);
    await say('not for everybody');
    await settled();
    restore();
    await say('nor this');
    expect((await peer.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(5);
  });

  it('[SK14] is not poked while it reads, and is poked for what it may have missed', async () => {
    const [reader, other] = [await subscribe(bob), await subscribe(carol)];
    await say('first');
    await other.untilSize(4);
    await settled();
    expect(await pokedMembers()).toEqual([]);
    reader.close();
    await reader.closed;
    await say('second');
    await other.untilSize(5);
    await settled();
    expect(await pokedMembers()).toEqual([toBase64Url(bob.key)]);
    // A share that does not answer may have lost its readers.
    await cutOff(await shareStub(1));
    await say('third');
    await settled();
    expect((await pokedMembers()).sort()).toEqual([toBase64Url(bob.key), toBase64Url(carol.key)].sort());
  });
});
