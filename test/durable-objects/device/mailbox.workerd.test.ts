import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeTrusted, encode, equalBytes, mailboxAck, mailboxPage, type MailboxPage } from '../../../core/index.ts';
import { MAIL_LIFETIME_MS } from '../../../relay/index.ts';
import { MAX_WAITING, MAX_WAITING_WELCOME_BYTES, type MailDelivery } from '../../../relay/mailbox.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesFor } from '../bytes-for.ts';
import { callerOf, T0, TestChain, valueOf } from '../chain/test-chain.ts';
import { codeOf, poke, TestDevice, welcomeFor } from './test-device.ts';

const mallory = new TestActor('mallory');

let device: TestDevice;

beforeEach(async () => {
  device = await TestDevice.of();
});

async function sequences(from = 0): Promise<number[]> {
  return (await device.items(from)).map(({ sequence }) => sequence);
}

/** An item as a delivery makes it. */
function itemOf(sequence: number, { kind, chain, index, content }: MailDelivery, receivedAt = T0): object {
  return { sequence, kind, chain, index, content, receivedAt };
}

describe('a mailbox', () => {
  it('[OB4] [KP9] is opened by no poke, since any group can list any key', async () => {
    expect(await device.deliver(poke(1, 5))).toEqual(['absent']);
    expect(await device.tables()).toEqual([]);
    expect(await device.deliver(welcomeFor(1), poke(1, 5))).toEqual(['stored', 'stored']);
  });

  it('[MX1] [KP9] opens to its own actor alone, and strangers leave nothing behind', async () => {
    const { object, owner } = device;
    const refused = [
      await object.mailbox(callerOf(mallory), owner.key, 0),
      await object.ack(callerOf(mallory), owner.key, encode(mailboxAck, { upTo: 0 })),
      await object.ticket(callerOf(mallory), owner.key, ''),
    ];
    expect(refused.map(codeOf)).toEqual(['not-permitted', 'not-permitted', 'not-permitted']);
    const handshake = await device.handshake();
    expect([handshake.status, handshake.webSocket]).toEqual([404, null]);
    expect(await device.tables()).toEqual([]);
    expect(await device.page()).toEqual({ items: [], next: 1, stock: { suites: [] }, setAside: 0 });
  });

  it('[RQ5] takes a signed request once, and forgets it when it can not come again', async () => {
    const caller = callerOf(device.owner);
    expect((await device.object.mailbox(caller, device.owner.key, 0)).ok).toBe(true);
    expect(codeOf(await device.object.mailbox(caller, device.owner.key, 0))).toBe('nonce-replayed');
    // A worker whose clock is behind may still take it for fresh.
    await device.setClock(caller.expiresAt + 59_999);
    await runDurableObjectAlarm(device.stub);
    expect(codeOf(await device.object.mailbox(caller, device.owner.key, 0))).toBe('nonce-replayed');
    await device.setClock(caller.expiresAt + 60_000);
    await device.untilRows('nonces', 0);
  });

  it('[MX2] keeps what is delivered in its order, each once', async () => {
    const deliveries = [welcomeFor(5), poke(2, 9), welcomeFor(3), welcomeFor(5, undefined, 2)];
    expect(await device.deliver(...deliveries, ...deliveries)).toEqual(Array(8).fill('stored'));
    expect(await device.items()).toEqual(deliveries.map((delivery, i) => itemOf(i + 1, delivery)));
  });

  it('[MX2] knows a delivery again after it was acknowledged, and after a restart', async () => {
    await device.deliver(welcomeFor(5), poke(1, 6));
    valueOf(await device.ack(2));
    await evictDurableObject(device.stub);
    await device.setClock(T0 + MAIL_LIFETIME_MS - 1);
    expect(await device.deliver(welcomeFor(5), poke(1, 6), poke(1, 5))).toEqual(['stored', 'stored', 'stored']);
    expect(await device.items()).toEqual([]);
    await device.deliver(welcomeFor(4), poke(1, 7));
    expect((await device.items()).map(({ index }) => index)).toEqual([4, 7]);
  });

  it('[MX3] holds one poke a chain, the newest, under a sequence number that no reader has passed', async () => {
    device = await TestDevice.opened();
    await device.deliver(poke(1, 5), poke(2, 5));
    const { next } = await device.page();
    await device.deliver(poke(1, 8), poke(1, 7));
    expect(await device.items(next)).toEqual([itemOf(3, poke(1, 8))]);
    expect((await device.items()).map(({ index }) => index)).toEqual([5, 8]);
  });

  it('[MX3] hears from a chain with news for a member who is away', async () => {
    device = await TestDevice.opened();
    const alice = new TestActor('alice');
    const chain = await TestChain.found(alice);
    await chain.add(device.owner);
    await chain.setClock(T0 + 60_000);
    await runDurableObjectAlarm(chain.stub);
    expect(await device.items()).toMatchObject([
      { kind: 'poke', chain: chain.id, index: 1, content: new Uint8Array() },
    ]);
  });

  it('[MX4] is read in pages from a cursor to the end', async () => {
    const deliveries = Array.from({ length: 256 }, (_, i) => welcomeFor(i));
    const pokes = Array.from({ length: 44 }, (_, i) => poke(i, 1));
    await device.deliver(...deliveries, ...pokes);
    const first = await device.page();
    expect([first.items.length, first.next]).toEqual([256, 257]);
    const second = await device.page(first.next);
    expect([second.items.length, second.next]).toEqual([44, 301]);
    expect(await device.page(second.next)).toMatchObject({ items: [], next: 301 });
    expect(await sequences(299)).toEqual([299, 300]);
  });

  it('[MX4] fills a page by bytes too, and always gives one item', async () => {
    const large = (index: number) => welcomeFor(index, new Uint8Array(1_048_576).fill(index));
    const small = (index: number) => welcomeFor(index, new Uint8Array(500_000).fill(index));
    await device.deliver(large(1), large(2), small(3), small(4), small(5));
    const pages = [await sequences(1), await sequences(2), await sequences(3), await sequences(5)];
    expect(pages).toEqual([[1], [2], [3, 4], [5]]);
    expect(equalBytes((await device.items(2))[0]!.content, large(2).content)).toBe(true);
  });

  it('[MX4] takes a cursor that was never given back to where the numbers stand', async () => {
    await device.deliver(welcomeFor(1));
    expect(await device.page(500)).toMatchObject({ items: [], next: 2 });
  });

  it('[MX5] says in each page how many KeyPackages are left', async () => {
    const lastResort = await device.keyPackages(1, { lastResort: true });
    valueOf(await device.publish(...(await device.keyPackages(3)), ...lastResort));
    await device.deliver(welcomeFor(1));
    expect((await device.page()).stock.suites).toEqual([{ ciphersuite: 1, available: 3, lastResort: 1 }]);
  });
});

describe('an acknowledgement', () => {
  it('[MX6] forgets everything up to its number, and repeating it changes nothing', async () => {
    await device.deliver(welcomeFor(1), poke(1, 2), welcomeFor(3), welcomeFor(4));
    expect(valueOf(await device.ack(3))).toEqual(new Uint8Array());
    expect(await sequences()).toEqual([4]);
    valueOf(await device.ack(3));
    valueOf(await device.ack(1));
    valueOf(await device.ack(0));
    expect(await sequences()).toEqual([4]);
    await runInDurableObject(device.stub, (_, { storage }) => {
      const kept = storage.sql.exec('SELECT seq FROM mailbox WHERE length(bytes) > 0').toArray();
      expect(kept).toEqual([{ seq: 4 }]);
    });
  });

  it('[MX6] is refused beyond the newest item, and deletes nothing', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2));
    expect(await device.ack(3)).toEqual({ ok: false, error: { code: 'ack-ahead', upTo: 3, last: 2 } });
    expect(await sequences()).toEqual([1, 2]);
  });

  it('[MX6] must be one encoding of one number', async () => {
    await device.deliver(welcomeFor(1));
    const ack = (body: Uint8Array) => device.object.ack(callerOf(device.owner), device.owner.key, body);
    const bodies = [new Uint8Array(7), new Uint8Array(9), new Uint8Array(1_000_000), new Uint8Array(8).fill(255)];
    const codes = [];
    for (const body of bodies) codes.push(codeOf(await ack(body)));
    expect(codes).toEqual(Array(4).fill('malformed'));
    expect(await sequences()).toEqual([1]);
  });

  it('[MX4] leaves its numbers used, also over a restart', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2));
    valueOf(await device.ack(2));
    await device.setClock(T0 + MAIL_LIFETIME_MS);
    await device.untilRows('mailbox', 0);
    await evictDurableObject(device.stub);
    await device.setClock(T0 + MAIL_LIFETIME_MS);
    await device.deliver(welcomeFor(3));
    expect(await sequences()).toEqual([3]);
  });
});

describe('time and room', () => {
  it('[MX7] gives an item until 30 days have passed and not at that moment, and forgets it then', async () => {
    await device.deliver(welcomeFor(1));
    await device.setClock(T0 + 1);
    await device.deliver(poke(1, 2));
    const expiry = T0 + 30 * 86_400_000;
    await device.setClock(expiry - 1);
    expect(await sequences()).toEqual([1, 2]);
    const [page, rows] = await readWhileStored(expiry);
    expect([page.items.map(({ sequence }) => sequence), page.next, rows]).toEqual([[2], 3, 2]);
    await device.untilRows('mailbox', 1);
    await evictDurableObject(device.stub);
    await device.setClock(expiry + 1);
    await device.untilRows('mailbox', 0);
  });

  /** A page at a time that comes in the same turn, and the rows that the mailbox had then: no job ran in between. */
  function readWhileStored(time: number): Promise<[MailboxPage, number]> {
    return runInDurableObject(device.stub, async (instance, { storage }) => {
      instance.clock = () => time;
      const answer = instance.mailbox(callerOf(device.owner), device.owner.key, 0);
      const rows = storage.sql.exec('SELECT count(*) AS n FROM mailbox').one()['n'];
      return [decodeTrusted(mailboxPage, valueOf(await answer)), Number(rows)];
    });
  }

  it('[MX8] takes as many Welcomes as it may and answers full, until some were acknowledged', async () => {
    const { welcome } = MAX_WAITING;
    const answers = await device.deliver(...Array.from({ length: welcome }, (_, i) => welcomeFor(i)));
    expect(answers.every((answer) => answer === 'stored')).toBe(true);
    expect(await device.deliver(welcomeFor(welcome), welcomeFor(0), poke(1, 1))).toEqual(['full', 'stored', 'stored']);
    valueOf(await device.ack(1));
    expect(await device.deliver(welcomeFor(welcome), welcomeFor(welcome + 1))).toEqual(['stored', 'full']);
    await device.setClock(T0 + MAIL_LIFETIME_MS);
    expect(await device.deliver(welcomeFor(welcome + 1))).toEqual(['stored']);
  });

  it('[MX8] takes pokes of as many chains as it may, newer ones for those it has, and Welcomes all the same', async () => {
    device = await TestDevice.opened();
    const { poke: chains } = MAX_WAITING;
    const answers = await device.deliver(...Array.from({ length: chains }, (_, i) => poke(i, 1)));
    expect(answers.every((answer) => answer === 'stored')).toBe(true);
    const more = [poke(chains, 1), poke(7, 2), poke(7, 1), welcomeFor(1)];
    expect(await device.deliver(...more)).toEqual(['full', 'stored', 'stored', 'stored']);
    expect(await device.items(chains + 1)).toMatchObject([
      { kind: 'overflow' },
      itemOf(chains + 2, poke(7, 2)),
      itemOf(chains + 3, welcomeFor(1)),
    ]);
    valueOf(await device.ack(1));
    expect(await device.deliver(poke(chains, 1), poke(0, 2))).toEqual(['stored', 'full']);
  });

  it('[MX8] takes 64 MiB of Welcomes, and a poke all the same', async () => {
    const large = (index: number) => welcomeFor(index, new Uint8Array(1_048_576));
    const count = MAX_WAITING_WELCOME_BYTES / 1_048_576;
    for (let index = 0; index < count; index++) expect(await device.deliver(large(index))).toEqual(['stored']);
    expect(await device.deliver(welcomeFor(count), poke(1, 1))).toEqual(['full', 'stored']);
    valueOf(await device.ack(1));
    expect(await device.deliver(welcomeFor(count))).toEqual(['stored']);
  });

  it('[SE5] [MX8] tells its owner once, until they have read it, that something found no room', async () => {
    const { welcome } = MAX_WAITING;
    await device.deliver(...Array.from({ length: welcome }, (_, i) => welcomeFor(i)));
    await device.deliver(welcomeFor(welcome), welcomeFor(welcome + 1), welcomeFor(welcome));
    const marker = { kind: 'overflow', chain: new Uint8Array(32), index: 0, content: new Uint8Array() };
    expect(await device.items(welcome + 1)).toEqual([{ ...marker, sequence: welcome + 1, receivedAt: T0 }]);
    valueOf(await device.ack(welcome + 1));
    await device.deliver(...Array.from({ length: welcome + 1 }, (_, i) => welcomeFor(welcome + i)));
    expect(await device.items(2 * welcome + 2)).toMatchObject([marker]);
  });

  it('[MX8] never takes what no frame could hold', async () => {
    const oversized = welcomeFor(1, bytesFor('welcome', 1, 1_048_577));
    await expect(device.deliver(oversized)).rejects.toThrow(RangeError);
    expect(await device.items()).toEqual([]);
  });
});

describe('what a reader never acknowledges', () => {
  let now: number;

  beforeEach(async () => {
    now = T0;
  });

  /** Opens the mailbox from its beginning, long enough after the last time. */
  async function open(): Promise<MailboxPage> {
    now += 10_000;
    await device.setClock(now);
    return device.page();
  }

  /** Reads and acknowledges page after page, and ends where the content of an item ends it. */
  async function readUntil(poison: number): Promise<readonly string[]> {
    for (const read: string[] = []; ;) {
      const { items } = await (read.length === 0 ? open() : device.page());
      const isFatal = items.some(({ index, kind }) => index === poison && kind === 'welcome');
      if (isFatal || items.length === 0) return read;
      read.push(...items.map(({ kind, index }) => `${kind} ${index}`));
      valueOf(await device.ack(items.at(-1)!.sequence));
    }
  }

  it('[MX13] is set aside after five repetitions, and what stands around it reaches the reader', async () => {
    await device.deliver(welcomeFor(1), poke(1, 1), welcomeFor(2), welcomeFor(3), welcomeFor(4));
    const openings = [];
    for (let i = 0; i < 8; i++) openings.push(await readUntil(2));
    expect(openings.slice(0, 3)).toEqual([[], [], []]);
    expect(openings[3]).toEqual(['welcome 1', 'poke 1']);
    expect(openings.slice(4, 6)).toEqual([[], []]);
    expect(openings[6]).toEqual(['setAside 2', 'welcome 3', 'welcome 4']);
    expect(await open()).toMatchObject({ items: [], setAside: 1 });
    expect((await device.setAside()).items).toEqual([itemOf(3, welcomeFor(2))]);
  });

  it('[MX13] counts an opening once in ten seconds, and only from what waits first', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2));
    for (let i = 0; i < 20; i++) await device.page();
    for (let i = 0; i < 20; i++) {
      now += 10_000;
      await device.setClock(now);
      await device.page(2);
    }
    const givings = await runInDurableObject(device.stub, (_, { storage }) =>
      storage.sql.exec('SELECT given FROM mailbox ORDER BY seq').toArray(),
    );
    expect(givings).toEqual([{ given: 1 }, { given: 1 }]);
    expect(await device.page()).toMatchObject({ items: [{ kind: 'welcome' }, { kind: 'welcome' }], setAside: 0 });
  });

  it('[MX13] counts openings over evictions, and forgets them with an acknowledgement', async () => {
    await device.deliver(welcomeFor(1));
    for (let i = 0; i < 6; i++) {
      expect((await open()).items).toMatchObject([{ kind: 'welcome' }]);
      await evictDurableObject(device.stub);
    }
    valueOf(await device.ack(1));
    expect(await open()).toMatchObject({ items: [], setAside: 0 });
  });

  it('[MX14] is kept for its owner with its room, until it is discarded or expires', async () => {
    await device.deliver(welcomeFor(1), welcomeFor(2));
    for (let i = 0; i < 7; i++) await readUntil(1);
    await runInDurableObject(device.stub, (_, { storage }) => {
      storage.sql.exec('UPDATE mailbox SET given = 6, given_at = 0, acknowledged = 0 WHERE idx = 2');
    });
    await open();
    valueOf(await device.ack(2));
    expect((await device.setAside()).items.map(({ index }) => index)).toEqual([1, 2]);
    expect(await device.setAside(2)).toMatchObject({ items: [{ index: 2 }], next: 3 });
    const { welcome } = MAX_WAITING;
    const more = Array.from({ length: welcome - 1 }, (_, i) => welcomeFor(10 + i));
    expect((await device.deliver(...more)).filter((answer) => answer === 'full')).toHaveLength(1);
    expect(codeOf(await device.discard(welcome + 5))).toBe('ack-ahead');
    expect(
      codeOf(await device.object.discard(callerOf(mallory), device.owner.key, encode(mailboxAck, { upTo: 1 }))),
    ).toBe('not-permitted');
    expect(codeOf(await device.object.setAside(callerOf(mallory), device.owner.key, 0))).toBe('not-permitted');
    valueOf(await device.discard(1));
    expect((await device.setAside()).items.map(({ index }) => index)).toEqual([2]);
    expect(await device.deliver(more.at(-1)!, welcomeFor(1))).toEqual(['stored', 'stored']);
    await device.setClock(T0 + MAIL_LIFETIME_MS);
    expect((await device.setAside()).items).toEqual([]);
  });
});
