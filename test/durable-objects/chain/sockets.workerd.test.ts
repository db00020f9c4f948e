import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  appendRequest,
  decodeTrusted,
  encode,
  MAX_APPEND_BYTES,
  MAX_OPEN_FRAME_BYTES,
  MAX_REQUESTS_IN_FLIGHT,
  memberRemoved,
  STREAM_BOUND_BYTES,
  STREAM_MARK_STEP_BYTES,
  STREAM_WINDOW_BYTES,
  ticketAnswer,
  utf8ToBytes,
  type ChainDownFrame,
} from '../../../core/index.ts';
import type { Attachment } from '../../../durable-objects/sockets/seat.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { ChainPeer as Peer } from '../chain-peer.ts';
import { callerOf, chainStub, replayUnder, T0, TestChain, valueOf } from './test-chain.ts';

const alice = new TestActor('alice');
const bob = new TestActor('bob');
const mallory = new TestActor('mallory');
const ORIGIN = 'https://app.example';

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.found(alice);
});

async function connect(origin = ORIGIN): Promise<Peer> {
  const response = await chain.stub.fetch('https://relay/stream', { headers: { upgrade: 'websocket', origin } });
  return new Peer(response.webSocket as WebSocket);
}

async function ticketOf(actor: TestActor, origin = ORIGIN): Promise<Uint8Array> {
  return decodeTrusted(ticketAnswer, valueOf(await chain.object.ticket(callerOf(actor), origin))).ticket;
}

async function subscribe(actor: TestActor, cursor = 0): Promise<Peer> {
  const peer = await connect();
  peer.send({ kind: 'open', value: { ticket: await ticketOf(actor), cursor } });
  await peer.until(({ kind }) => kind === 'caughtUp');
  return peer;
}

/** Messages of 16,000 bytes, appended in flushes of a million. */
async function fill(megabytes: number): Promise<void> {
  const seen = await chain.head();
  for (let i = 0; i < megabytes; i++) {
    const messages = Array.from({ length: 62 }, (_, j) =>
      alice.message(chain.id, seen, T0, bytesFor('filling', filled++ * 64 + j, 16_000)),
    );
    await chain.append(...messages);
  }
}
let filled = 0;

function bytesOf(peer: Peer): number {
  return peer.entries().length * 16_000;
}

async function untilSize(peer: Peer, size: number): Promise<void> {
  await peer.until(() => peer.entries().length >= size);
}

function startReporting(peer: Peer): void {
  peer.isReporting = true;
  for (const mark of peer.marks) peer.report(mark);
}

/** Two calls into the object: whatever it had to do at once is done. */
async function settle(): Promise<void> {
  await runInDurableObject(chain.stub, () => scheduler.wait(20));
  await runInDurableObject(chain.stub, () => scheduler.wait(20));
}

function problemOfFrame(frame: ChainDownFrame): string {
  return frame.kind === 'problem' ? (JSON.parse(frame.value.problem) as { code: string }).code : frame.kind;
}

describe('a chain stream', () => {
  it('[SK3] gives history from the cursor, one caught-up, then every entry once, while others append', async () => {
    const seen = await chain.head();
    const message = (i: number) => alice.message(chain.id, seen, T0, bytesFor('payload', i, 700));
    for (let i = 0; i < 5; i++) await chain.append(...Array.from({ length: 200 }, (_, j) => message(i * 200 + j)));
    const [peer] = await Promise.all([
      subscribe(alice),
      ...Array.from({ length: 30 }, (_, i) => chain.append(message(2000 + i))),
    ]);
    await chain.append(message(3000));
    const total = 1 + 1000 + 30 + 1;
    while (peer.entries().length < total) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(total);
    expect(peer.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
  });

  it('[SK3] gives a flush that no frame can hold in several, to those who stay and to those who leave in it', async () => {
    await chain.add(bob);
    const [stays, leaves] = [await subscribe(alice), await subscribe(bob)];
    const seen = await chain.head();
    const batch = (from: number, count: number, bytes: number) =>
      Array.from({ length: count }, (_, i) => alice.message(chain.id, seen, T0, bytesFor('payload', from + i, bytes)));
    const removal = alice.sign({
      chain: chain.id,
      seen,
      time: T0,
      type: memberRemoved.type,
      body: memberRemoved.encodeBody({ actor: bob.key }),
    });
    const bodies = [batch(0, 200, 10), batch(200, 200, 10), [removal], batch(400, 200, 16_000)].map((submissions) =>
      encode(appendRequest, { submissions }),
    );
    // Together in one turn, as appends on many sockets are.
    await runInDurableObject(chain.stub, (instance) => Promise.all(bodies.map((body) => instance.append(body))));
    expect((await leaves.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, leaves.entries(), leaves.checkpoint()).size).toBe(403);
    while (stays.entries().length < 603) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(replayUnder(chain.id, stays.entries(), stays.checkpoint()).size).toBe(603);
  });

  it('[SK3] resumes at a cursor without repeating what came before it', async () => {
    await chain.add(bob);
    const peer = await subscribe(bob, 1);
    expect(peer.entries()).toEqual([(await chain.page(alice)).entries[1]?.entry]);
  });

  it('[SK2] answers appends on the socket by their request number', async () => {
    const peer = await subscribe(alice);
    const seen = await chain.head();
    const submissions = [
      alice.message(chain.id, seen, T0, utf8ToBytes('a')),
      mallory.message(chain.id, seen, T0, utf8ToBytes('b')),
    ];
    peer.send({ kind: 'append', value: { request: 7, append: { submissions } } });
    const answer = await peer.until(({ kind }) => kind === 'appended');
    expect(answer).toMatchObject({
      value: { answers: [{ request: 7, outcomes: [{ kind: 'accepted' }, { kind: 'refused' }] }] },
    });
  });

  it('[SK2] answers each of many appends once, under a checkpoint that covers it', async () => {
    const peer = await subscribe(alice);
    const seen = await chain.head();
    const requests = Array.from({ length: 200 }, (_, i) => i + 1);
    for (const request of requests) {
      const signer = request % 10 === 0 ? mallory : alice;
      const submissions = [signer.message(chain.id, seen, T0, bytesFor('payload', request, 8))];
      peer.send({ kind: 'append', value: { request, append: { submissions } } });
    }
    const frames = () => peer.frames.flatMap((frame) => (frame.kind === 'appended' ? [frame.value] : []));
    const answers = () => frames().flatMap((frame) => frame.answers);
    await peer.until(() => answers().length >= requests.length);
    expect(answers().map(({ request }) => request)).toEqual(requests);
    for (const { answers: joined, checkpoint } of frames()) {
      for (const { request, outcomes } of joined) {
        const [outcome] = outcomes;
        expect(outcome?.kind).toBe(request % 10 === 0 ? 'refused' : 'accepted');
        if (outcome?.kind === 'accepted')
          expect(Number(checkpoint.split('\n')[1])).toBeGreaterThan(outcome.value.index);
      }
    }
  });

  it('[SK1] uses a ticket once, for its origin and its time', async () => {
    const ticket = await ticketOf(alice);
    const attempt = async (origin: string, used: Uint8Array): Promise<string> => {
      const peer = await connect(origin);
      peer.send({ kind: 'open', value: { ticket: used, cursor: 0 } });
      return problemOfFrame(await peer.until(({ kind }) => kind === 'problem' || kind === 'caughtUp'));
    };
    expect(await attempt('https://evil.example', ticket)).toBe('ticket-invalid');
    expect(await attempt(ORIGIN, ticket)).toBe('ticket-invalid');
    expect(await attempt(ORIGIN, await ticketOf(alice))).toBe('caughtUp');
    const late = await ticketOf(alice);
    await chain.setClock(T0 + 30_000);
    expect(await attempt(ORIGIN, late)).toBe('ticket-invalid');
    expect(await chain.object.ticket(callerOf(mallory), ORIGIN)).toMatchObject({ error: { code: 'not-found' } });
  });

  it('[SK1] closes a socket that speaks before it opens, speaks nonsense, or never opens', async () => {
    const early = await connect();
    early.send({ kind: 'append', value: { request: 1, append: { submissions: [] } } });
    expect((await early.closed).reason).toBe('open-first');
    const noise = await connect();
    noise.sendRaw('hello');
    expect((await noise.closed).code).toBe(4400);
    const silent = await connect();
    await chain.setClock(T0 + 5_000);
    await runDurableObjectAlarm(chain.stub);
    expect((await silent.closed).reason).toBe('open-first');
  });

  it('[SK7] closes its end when a client leaves, opened or not', async () => {
    for (const peer of [await connect(), await subscribe(alice)]) {
      peer.close();
      expect((await peer.closed).code).toBe(1000);
    }
  });

  it('[AC4] gives a removed member its removal and nothing after it', async () => {
    await chain.add(bob);
    const [peer, stays] = [await subscribe(bob), await subscribe(alice)];
    const seen = await chain.head();
    const draft = { chain: chain.id, seen, time: T0 };
    const removal = alice.sign({
      ...draft,
      type: memberRemoved.type,
      body: memberRemoved.encodeBody({ actor: bob.key }),
    });
    await chain.append(removal, alice.message(chain.id, seen, T0, utf8ToBytes('only for those who stayed')));
    expect((await peer.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(3);
    while (stays.entries().length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(replayUnder(chain.id, stays.entries(), stays.checkpoint()).size).toBe(4);
  });

  it('[AC4, SK11] closes the stream of a member with its removal, before anything else happens', async () => {
    await chain.add(bob);
    const peer = await subscribe(bob);
    await chain.remove(bob);
    expect((await peer.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(3);
  });

  it('[SK4] keeps live sockets through hibernation without losing an entry', async () => {
    const peer = await subscribe(alice);
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('after waking')));
    while (peer.entries().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(2);
  });

  it('[SK5] closes a socket whose frame is over the limit, which is lower before it has opened', async () => {
    const unopened = await connect();
    unopened.sendRaw(new Uint8Array(MAX_OPEN_FRAME_BYTES + 1));
    expect((await unopened.closed).reason).toBe('body-too-large');
    const large = await subscribe(alice);
    large.sendRaw(new Uint8Array(MAX_APPEND_BYTES + 1));
    expect((await large.closed).reason).toBe('body-too-large');
  });

  it('[SK5] serves a thousand sockets, of which one that has not opened makes way for the next', async () => {
    const upgrade = () =>
      chain.stub.fetch('https://relay/stream', { headers: { upgrade: 'websocket', origin: ORIGIN } });
    const first = await connect();
    for (let i = 1; i < 1_000; i++) (await upgrade()).webSocket?.accept();
    expect((await upgrade()).status).toBe(101);
    expect((await first.closed).reason).toBe('too-many-subscribers');
    await runInDurableObject(chain.stub, (_, state) => {
      for (const socket of state.getWebSockets()) {
        const { backlog } = socket.deserializeAttachment() as Attachment;
        const seat = { stage: 'live', actor: alice.key, key: 'alice', from: 0, isTold: true } as const;
        socket.serializeAttachment({ seat, backlog } satisfies Attachment);
      }
    });
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    expect((await upgrade()).status).toBe(503);
  });

  it('[SK6] closes a socket whose history an eviction cut off', async () => {
    const peer = await subscribe(alice);
    await runInDurableObject(chain.stub, (_, state) => {
      for (const socket of state.getWebSockets()) {
        const { seat, backlog } = socket.deserializeAttachment() as Attachment;
        socket.serializeAttachment({ seat: { ...seat, stage: 'history' }, backlog });
      }
    });
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    expect((await peer.closed).code).toBe(4503);
  });
});

describe('a reader of a chain stream who is slow', () => {
  it('[SK8] is asked how far it came, and believed only with the mark that it read', async () => {
    const [honest, liar, parrot] = [await subscribe(alice), await subscribe(alice), await subscribe(alice)];
    for (const peer of [liar, parrot]) peer.isReporting = false;
    await fill(1);
    for (const peer of [honest, liar, parrot]) await untilSize(peer, 63);
    await honest.until(() => honest.marks.length > 0);
    liar.report(new Uint8Array(8));
    expect(problemOfFrame(await liar.until(({ kind }) => kind === 'problem'))).toBe('unknown-mark');
    startReporting(liar);
    expect((await liar.closed).reason).toBe('unknown-mark');
    await parrot.until(() => parrot.marks.length > 0);
    expect(parrot.marks).toHaveLength(1);
    for (let i = 0; i < 2; i++) parrot.report(parrot.marks[0] as Uint8Array);
    expect((await parrot.closed).reason).toBe('unknown-mark');
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('to those who stayed')));
    await untilSize(honest, 64);
  });

  it('[SK9] gets history as it takes it, also when the object slept meanwhile', async () => {
    await fill(3);
    const peer = await connect();
    peer.isReporting = false;
    peer.send({ kind: 'open', value: { ticket: await ticketOf(alice), cursor: 0 } });
    while (bytesOf(peer) < STREAM_WINDOW_BYTES) await scheduler.wait(5);
    await settle();
    expect(bytesOf(peer)).toBeLessThan(2.5 * STREAM_WINDOW_BYTES);
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    const seen = await chain.head();
    await chain.append(alice.message(chain.id, seen, T0, utf8ToBytes('while it waits')));
    peer.isReporting = true;
    for (const mark of peer.marks) peer.report(mark);
    await peer.until(({ kind }) => kind === 'caughtUp');
    await chain.append(alice.message(chain.id, seen, T0, utf8ToBytes('when it is live')));
    const total = 1 + 3 * 62 + 2;
    await untilSize(peer, total);
    expect(replayUnder(chain.id, peer.entries(), peer.checkpoint()).size).toBe(total);
    expect(peer.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
  });

  it('[SK9] gets what is new as history once it owes too much, while others get it as it comes', async () => {
    const [slow, quick] = [await subscribe(alice), await subscribe(alice)];
    slow.isReporting = false;
    await fill(3);
    await untilSize(slow, 1 + 3 * 62);
    // What it owes is known after the object slept.
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    await fill(3);
    const total = 1 + 6 * 62;
    await untilSize(quick, total);
    expect(replayUnder(chain.id, quick.entries(), quick.checkpoint()).size).toBe(total);
    await settle();
    expect(bytesOf(slow)).toBeLessThan(STREAM_BOUND_BYTES + 1_000_000);
    startReporting(slow);
    await untilSize(slow, total);
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('live again')));
    await untilSize(slow, total + 1);
    expect(replayUnder(chain.id, slow.entries(), slow.checkpoint()).size).toBe(total + 1);
    expect(slow.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
  });

  it('[SK9] costs an idle socket nothing: what it owes is less than a step', async () => {
    const peer = await subscribe(alice);
    peer.isReporting = false;
    await chain.append(alice.message(chain.id, await chain.head(), T0, bytesFor('little', 0, 16_000)));
    await untilSize(peer, 2);
    const held = await runInDurableObject(chain.stub, (_, state) =>
      state.getWebSockets().map((socket) => (socket.deserializeAttachment() as Attachment).backlog.bytes),
    );
    expect(held.every((bytes) => bytes < STREAM_MARK_STEP_BYTES)).toBe(true);
    expect(peer.marks).toEqual([]);
  });
});

describe('what is queued for all readers of a chain', () => {
  const OWED_BYTES = 4_000_000;
  const mark = bytesFor('mark', 0, 8);

  /** Live readers who owe nearly all that an object may have queued. */
  async function hoard(since: number): Promise<Peer[]> {
    await fill(1);
    const peers = await Promise.all(Array.from({ length: 6 }, () => subscribe(alice, 63)));
    for (const peer of peers) peer.isReporting = false;
    await runInDurableObject(chain.stub, (_, state) => {
      for (const socket of state.getWebSockets()) {
        const { seat } = socket.deserializeAttachment() as Attachment;
        const backlog = { bytes: OWED_BYTES, marked: OWED_BYTES, mark, since };
        socket.serializeAttachment({ seat, backlog } satisfies Attachment);
      }
    });
    await evictDurableObject(chain.stub);
    await chain.setClock(T0);
    return peers;
  }

  async function open(): Promise<Peer> {
    const peer = await connect();
    peer.send({ kind: 'open', value: { ticket: await ticketOf(alice), cursor: 0 } });
    return peer;
  }

  it('[SK15] is bounded: who finds no room waits, and gets everything once another has taken what it owes', async () => {
    const [first, second, ...others] = await hoard(T0);
    const late = await open();
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('while there is no room')));
    await settle();
    for (const peer of [first, second, late, ...others]) expect(peer?.entries()).toEqual([]);
    // What was queued for one who leaves without having taken it may be there still.
    second?.close();
    await settle();
    expect(late.entries()).toEqual([]);
    first?.report(mark);
    await Promise.all([late.untilSize(64), first?.untilSize(1)]);
    await late.until(({ kind }) => kind === 'caughtUp');
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('live again')));
    await Promise.all([late.untilSize(65), first?.untilSize(2)]);
    expect(replayUnder(chain.id, late.entries(), late.checkpoint()).size).toBe(65);
    for (const peer of [late, first]) expect(peer?.frames.filter(({ kind }) => kind === 'caughtUp')).toHaveLength(1);
  });

  it('[SK15] counts what a refused reader owes, who is closed once it has taken that and gets nothing more', async () => {
    const peer = await subscribe(alice);
    peer.isReporting = false;
    await fill(1);
    await untilSize(peer, 63);
    peer.sendRaw(Uint8Array.of(9, 9, 9));
    await peer.until(({ kind }) => kind === 'problem');
    await chain.append(alice.message(chain.id, await chain.head(), T0, utf8ToBytes('not for the refused')));
    await settle();
    expect(peer.hasClosed).toBe(false);
    startReporting(peer);
    const { code, reason } = await peer.closed;
    expect([code, reason]).toEqual([4400, 'malformed']);
    expect(peer.entries()).toHaveLength(63);
  });

  it('[SK15] is let go of with all connections where those who take nothing starve others', async () => {
    await hoard(T0 - 1);
    const late = await open();
    await settle();
    await chain.setClock(T0 + 30_000);
    await runDurableObjectAlarm(chain.stub).catch(() => undefined);
    expect((await late.closed).code).toBe(1006);
    const again = new TestChain(await chainStub(chain.genesis), chain.founder, chain.genesis);
    await runInDurableObject(again.stub, (_, state) => expect(state.getWebSockets()).toEqual([]));
    expect((await again.audit()).size).toBe(63);
  });
});

describe('requests on a chain stream', () => {
  it('[SK10] are refused with their socket when too many wait for their answers', async () => {
    const [flood, calm] = [await subscribe(alice), await subscribe(alice)];
    const seen = await chain.head();
    let release: () => void = () => undefined;
    await runInDurableObject(chain.stub, (_, { storage }) => {
      const written = new Promise<void>((resolve) => (release = resolve));
      Object.defineProperty(storage, 'sync', { value: () => written, configurable: true });
    });
    const append = (peer: Peer, request: number) => {
      const submissions = [alice.message(chain.id, seen, T0, bytesFor('flood', request, 10))];
      peer.send({ kind: 'append', value: { request, append: { submissions } } });
    };
    // The first keeps the disk busy; the others wait for it.
    append(calm, 1);
    await calm.until(({ kind }) => kind === 'appended');
    for (let i = 0; i <= MAX_REQUESTS_IN_FLIGHT; i++) append(flood, i + 2);
    expect((await flood.closed).reason).toBe('too-many-in-flight');
    append(calm, 1_000);
    await runInDurableObject(chain.stub, () => release());
    await calm.until(
      (frame) => frame.kind === 'appended' && frame.value.answers.some(({ request }) => request === 1_000),
    );
  });

  it('[SK11] are refused with their socket when their actor was removed', async () => {
    await chain.add(bob);
    await fill(3);
    const waiting = async () => {
      const peer = await connect();
      peer.isReporting = false;
      peer.send({ kind: 'open', value: { ticket: await ticketOf(bob), cursor: 0 } });
      while (bytesOf(peer) < STREAM_WINDOW_BYTES) await scheduler.wait(5);
      await settle();
      return peer;
    };
    const [writer, reader] = [await waiting(), await waiting()];
    const seen = await chain.head();
    await chain.remove(bob);
    const submissions = [bob.message(chain.id, seen, T0, utf8ToBytes('too late'))];
    writer.send({ kind: 'append', value: { request: 1, append: { submissions } } });
    await writer.until(({ kind }) => kind === 'problem');
    startReporting(writer);
    const { code, reason } = await writer.closed;
    expect([code, reason]).toEqual([4403, 'actor-removed']);
    expect(writer.frames.filter(({ kind }) => kind === 'appended')).toEqual([]);
    // A reader gets what it may have, up to its removal, and is closed there.
    reader.isReporting = true;
    for (const mark of reader.marks) reader.report(mark);
    expect((await reader.closed).reason).toBe('actor-removed');
    expect(replayUnder(chain.id, reader.entries(), reader.checkpoint()).size).toBe(1 + 1 + 3 * 62 + 1);
    expect((await chain.audit()).size).toBe(1 + 1 + 3 * 62 + 1);
  });
});
