import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MailboxDownFrame } from '../../../core/index.ts';
import type { Attachment } from '../../../durable-objects/sockets/seat.ts';
import { bytesFor } from '../bytes-for.ts';
import { T0, valueOf } from '../chain/test-chain.ts';
import { itemsOf, ORIGIN, poke, TestDevice, welcomeFor, type MailboxPeer } from './test-device.ts';

const SOCKETS = 64;

let device: TestDevice;

beforeEach(async () => {
  device = await TestDevice.of();
});

function sequencesOf(peer: MailboxPeer): number[] {
  return itemsOf(peer).map(({ sequence }) => sequence);
}

async function untilItems(peer: MailboxPeer, count: number): Promise<void> {
  await peer.until(() => itemsOf(peer).length >= count);
}

/** Frames without their contents: what came in which order. */
function kindsOf(peer: MailboxPeer): string[] {
  return peer.frames.map(({ kind }) => kind);
}

function problemOf(frame: MailboxDownFrame): string {
  return frame.kind === 'problem' ? (JSON.parse(frame.value.problem) as { code: string }).code : frame.kind;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

describe('a mailbox stream', () => {
  it('[MX9] gives what waits, one caught-up, then each item as it comes', async () => {
    await device.deliver(welcomeFor(1), poke(2, 7));
    const peer = await device.subscribe();
    expect(kindsOf(peer)).toEqual(['items', 'caughtUp']);
    expect(peer.frames[1]?.value).toEqual({ next: 3 });
    await device.deliver(welcomeFor(3));
    await untilItems(peer, 3);
    expect(itemsOf(peer)).toEqual(await device.items());
    expect(peer.frames[2]?.value).toMatchObject({ next: 4, stock: { suites: [] } });
  });

  it('[MX9] has neither gap nor duplicate where history meets what is new', async () => {
    const large = (index: number) => welcomeFor(index, bytesFor('welcome', index, 400_000));
    await device.deliver(...range(1, 12).map(large));
    const ticket = await device.ticket();
    const peer = await device.connect();
    peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
    for (const index of range(13, 40)) {
      await device.object.deliver(welcomeFor(index));
    }
    await peer.until(({ kind }) => kind === 'caughtUp');
    await device.deliver(welcomeFor(41));
    await untilItems(peer, 41);
    expect(sequencesOf(peer)).toEqual(range(1, 41));
    expect(kindsOf(peer).filter((kind) => kind === 'caughtUp')).toHaveLength(1);
    expect(kindsOf(peer).indexOf('caughtUp')).toBeGreaterThan(5);
  });

  it('[MX9] sends nothing live to a socket that is still catching up', async () => {
    const large = (index: number) => welcomeFor(index, bytesFor('welcome', index, 600_000));
    await device.deliver(...range(1, 6).map(large));
    const ticket = await device.ticket();
    const peer = await device.connect();
    peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
    await peer.until(({ kind }) => kind === 'items');
    await device.deliver(poke(1, 1));
    await peer.until(({ kind }) => kind === 'caughtUp');
    await device.deliver(poke(2, 1));
    await untilItems(peer, 8);
    expect(sequencesOf(peer)).toEqual(range(1, 8));
  });

  it('[MX9] begins at the cursor', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2), welcomeFor(3));
    expect(sequencesOf(await device.subscribe(3))).toEqual([3]);
    const ahead = await device.subscribe(900);
    expect(ahead.frames).toEqual([{ kind: 'caughtUp', value: { next: 4 } }]);
    await device.deliver(welcomeFor(4));
    await untilItems(ahead, 1);
  });

  it('[MX6] takes acknowledgements, and closes on one beyond the newest item', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2));
    const peer = await device.subscribe();
    peer.send({ kind: 'ack', value: { upTo: 1 } });
    while ((await device.items()).length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await device.items()).map(({ sequence }) => sequence)).toEqual([2]);
    peer.send({ kind: 'ack', value: { upTo: 3 } });
    expect((await peer.closed).reason).toBe('ack-ahead');
    expect(problemOf(peer.frames.at(-1)!)).toBe('ack-ahead');
    expect((await device.items()).map(({ sequence }) => sequence)).toEqual([2]);
  });

  it('[MX10] takes a ticket once, for its origin and its time', async () => {
    const attempt = async (origin: string, ticket: Uint8Array): Promise<string> => {
      const peer = await device.connect(origin);
      peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
      return problemOf(await peer.until(({ kind }) => kind === 'problem' || kind === 'caughtUp'));
    };
    const stolen = await device.ticket();
    const { ticket: foreign } = { ticket: await (await TestDevice.of()).ticket() };
    expect(await attempt('https://evil.example', stolen)).toBe('ticket-invalid');
    expect(await attempt(ORIGIN, stolen)).toBe('ticket-invalid');
    expect(await attempt(ORIGIN, foreign)).toBe('ticket-invalid');
    const used = await device.ticket();
    expect(await attempt(ORIGIN, used)).toBe('caughtUp');
    expect(await attempt(ORIGIN, used)).toBe('ticket-invalid');
    const late = await device.ticket();
    await device.setClock(T0 + 30_000);
    expect(await attempt(ORIGIN, late)).toBe('ticket-invalid');
  });

  it('[MX10] closes a socket that speaks out of turn, too long or nonsense', async () => {
    valueOf(await device.publish());
    const early = await device.connect();
    early.send({ kind: 'ack', value: { upTo: 0 } });
    const [text, long, noise] = [await device.connect(), await device.connect(), await device.connect()];
    text.sendRaw('hello');
    long.sendRaw(new Uint8Array(129));
    noise.sendRaw(Uint8Array.of(9, 9, 9));
    const twice = await device.subscribe();
    twice.send({ kind: 'open', value: { ticket: await device.ticket(), cursor: 0 } });
    const closes = await Promise.all([early, text, long, noise, twice].map(({ closed }) => closed));
    expect(closes.map(({ code, reason }) => `${code} ${reason}`)).toEqual([
      '4400 open-first',
      '4400 unsupported-media-type',
      '4400 body-too-large',
      '4400 malformed',
      '4400 open-first',
    ]);
  });

  it('[MX10] closes a socket that has not opened after five seconds, and no other', async () => {
    const opened = await device.subscribe();
    const silent = await device.connect();
    await device.setClock(T0 + 1_000);
    const later = await device.connect();
    await device.setClock(T0 + 4_999);
    await runDurableObjectAlarm(device.stub);
    const ticket = await device.ticket();
    await device.setClock(T0 + 5_000);
    await runDurableObjectAlarm(device.stub);
    expect((await silent.closed).reason).toBe('open-first');
    later.send({ kind: 'open', value: { ticket, cursor: 0 } });
    await later.until(({ kind }) => kind === 'caughtUp');
    await device.deliver(welcomeFor(1));
    await Promise.all([untilItems(opened, 1), untilItems(later, 1)]);
  });

  it('[MX10] serves a bounded number of sockets', async () => {
    valueOf(await device.publish());
    const peers = await Promise.all(range(1, SOCKETS).map(() => device.subscribe()));
    const refused = await device.handshake();
    expect([refused.status, refused.webSocket, refused.headers.get('retry-after')]).toEqual([503, null, '5']);
    peers[0]?.close();
    await expect.poll(async () => (await device.handshake()).status).toBe(101);
  });

  it('[MX10] lets nobody fill the places with sockets that never open', async () => {
    valueOf(await device.publish());
    const opened = await device.subscribe();
    const [first, second] = [await device.connect(), await device.connect()];
    for (const _ of range(1, SOCKETS - 2)) await device.connect();
    expect((await first.closed).reason).toBe('too-many-subscribers');
    second.send({ kind: 'open', value: { ticket: await device.ticket(), cursor: 0 } });
    await second.until(({ kind }) => kind === 'caughtUp');
    await device.deliver(welcomeFor(1));
    await Promise.all([untilItems(opened, 1), untilItems(second, 1)]);
  });

  it('[SK6] closes a socket for which something failed', async () => {
    valueOf(await device.publish());
    const [ticket, peer] = [await device.ticket(), await device.connect()];
    await runInDurableObject(device.stub, (_, { storage }) => void storage.sql.exec('DROP TABLE mailbox'));
    peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
    const { code, reason } = await peer.closed;
    expect([code, reason]).toEqual([4503, 'unavailable']);
  });

  it('[SK7] closes its end when a client leaves', async () => {
    const peer = await device.subscribe();
    peer.close();
    expect((await peer.closed).code).toBe(1000);
  });

  it('[MX11] keeps live sockets through hibernation without losing an item', async () => {
    const peer = await device.subscribe();
    await device.deliver(welcomeFor(1));
    await evictDurableObject(device.stub);
    await device.setClock(T0);
    await device.deliver(welcomeFor(2));
    await untilItems(peer, 2);
    expect(sequencesOf(peer)).toEqual([1, 2]);
  });

  it('[MX11] closes a socket whose history an eviction cut off: only its client knows where', async () => {
    const peer = await device.subscribe();
    await runInDurableObject(device.stub, (_, state) => {
      const [socket] = state.getWebSockets();
      const { seat, backlog } = socket?.deserializeAttachment() as Attachment;
      socket?.serializeAttachment({ seat: { ...seat, stage: 'history' }, backlog });
    });
    await evictDurableObject(device.stub);
    await device.setClock(T0);
    const { code, reason } = await peer.closed;
    expect([code, reason]).toEqual([4503, 'unavailable']);
  });

  it('[SK9] gives what waits, and what is new, as its reader takes it', async () => {
    const large = (index: number) => welcomeFor(index, bytesFor('welcome', index, 400_000));
    await device.deliver(...range(1, 10).map(large));
    const [ticket, peer] = [await device.ticket(), await device.connect()];
    peer.isReporting = false;
    peer.send({ kind: 'open', value: { ticket, cursor: 0 } });
    await untilItems(peer, 3);
    await device.deliver(large(11));
    expect(itemsOf(peer).length).toBeLessThan(7);
    for (const mark of peer.marks) peer.report(mark);
    peer.isReporting = true;
    await peer.until(({ kind }) => kind === 'caughtUp');
    expect(sequencesOf(peer)).toEqual(range(1, 11));
    peer.isReporting = false;
    const markCount = peer.marks.length;
    for (const index of range(12, 26)) await device.deliver(large(index));
    expect(itemsOf(peer).length).toBeLessThan(24);
    peer.isReporting = true;
    for (const mark of peer.marks.slice(markCount)) peer.report(mark);
    await untilItems(peer, 26);
    expect(sequencesOf(peer)).toEqual(range(1, 26));
    expect(kindsOf(peer).filter((kind) => kind === 'caughtUp')).toHaveLength(1);
  });
});
