import { describe, expect, test } from 'vitest';
import { parseActorKey, publicKeyOf, type ActorKey, type MailboxItem, type MailboxPage } from '../../core/index.ts';
import { memoryStorage, type Storage } from '../../sdk/index.ts';
import { Mailbox } from '../../sdk/mailbox.ts';
import type { RelayClient } from '../../sdk/relay-client.ts';
import { actorSeed } from './chain/test-log.ts';

const device = parseActorKey(publicKeyOf(actorSeed('device'))) as ActorKey;
const chain = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const stock = { suites: [{ ciphersuite: 1, available: 3, lastResort: 1 }] };

function item(sequence: number, kind: MailboxItem['kind'], about: number, index: number): MailboxItem {
  const content = ['welcome', 'envelope'].includes(kind) ? Uint8Array.of(index) : new Uint8Array(0);
  return { sequence, kind, chain: chain(about), index, receivedAt: 5, content };
}

/** Storing takes its time, so that what does not wait for it is found out. */
function slowStorage(): Storage {
  const storage = memoryStorage();
  const commit = storage.commit.bind(storage);
  storage.commit = async (writes) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await commit(writes);
  };
  return storage;
}

/** A relay's mailbox that gives two items a page, and may lose what it is told. */
function mailboxOf(items: MailboxItem[], onAck: (upTo: number) => Promise<void> = async () => undefined) {
  const storage = slowStorage();
  let waiting = items;
  const client = {
    mailbox: async (_: Uint8Array, from: number): Promise<MailboxPage> => {
      const page = waiting.filter(({ sequence }) => sequence >= from).slice(0, 2);
      return { items: page, next: (page.at(-1)?.sequence ?? from) + 1, stock, setAside: 0 };
    },
    acknowledge: async (_: Uint8Array, upTo: number): Promise<void> => {
      await onAck(upTo);
      waiting = waiting.filter(({ sequence }) => sequence > upTo);
    },
  } as unknown as RelayClient;
  return { storage, mailbox: new Mailbox({ client, storage }, device), waiting: () => waiting };
}

describe('a mailbox that is fetched', () => {
  test('[CL14] stores what it was given before it says so', async () => {
    const stored: number[] = [];
    const { mailbox, storage } = mailboxOf([item(1, 'welcome', 1, 7), item(2, 'poke', 2, 3)], async () => {
      stored.push((await storage.list('')).length);
    });
    expect(await mailbox.fetchAll()).toEqual(stock);
    expect(stored).toEqual([2]);
  });

  test('[CL14] reads to the end; of two Welcomes to one chain the later one counts, in whatever order they come', async () => {
    for (const order of [
      [4, 9],
      [9, 4],
    ] as const) {
      const items = [item(1, 'welcome', 1, order[0]), item(2, 'welcome', 1, order[1]), item(5, 'poke', 2, 6)];
      const { mailbox, waiting } = mailboxOf([...items, item(6, 'poke', 2, 8), item(9, 'welcome', 3, 1)]);
      await mailbox.fetchAll();
      expect(waiting()).toEqual([]);
      const welcomes = await mailbox.welcomes();
      expect(welcomes.map(({ index, welcome }) => [index, welcome[0]])).toEqual([
        [9, 9],
        [1, 1],
      ]);
      expect([...(await mailbox.news()).values()]).toEqual([8]);
    }
  });

  test('[CL14] an acknowledgement that is lost repeats items and changes nothing', async () => {
    let isLost = true;
    const { mailbox, storage } = mailboxOf([item(1, 'welcome', 1, 7)], async () => {
      if (isLost) throw new Error('lost');
    });
    await expect(mailbox.fetchAll()).rejects.toThrow('lost');
    const before = await storage.list('');
    isLost = false;
    await mailbox.fetchAll();
    expect(await storage.list('')).toEqual(before);
    expect(await mailbox.welcomes()).toHaveLength(1);
  });

  test('[CL14] keeps envelopes once, whatever they are, and the mark of an overflow until it is dismissed', async () => {
    const { mailbox } = mailboxOf([item(1, 'envelope', 1, 7), item(2, 'overflow', 0, 0), item(3, 'envelope', 2, 8)]);
    await mailbox.fetchAll();
    await mailbox.keep({ items: [item(9, 'envelope', 1, 7)] });
    const envelopes = await mailbox.envelopes();
    expect(envelopes.map(({ item: { content } }) => content[0]).sort()).toEqual([7, 8]);
    expect(await mailbox.overflowedAt()).toBe(5);
    await mailbox.forgetOverflow();
    await mailbox.forget(envelopes[0]!.key);
    expect([await mailbox.overflowedAt(), (await mailbox.envelopes()).length]).toEqual([undefined, 1]);
  });

  test('[CL14] brings what was set aside here before it discards it there, and takes it up when it is told to', async () => {
    const aside = [item(3, 'welcome', 1, 7), item(4, 'envelope', 2, 9)];
    const stored: number[] = [];
    const { mailbox, storage } = mailboxOf([item(3, 'setAside', 1, 7)]);
    const client = {
      mailbox: async (_: Uint8Array, from: number): Promise<MailboxPage> => ({
        items: [],
        next: from,
        stock,
        setAside: aside.length,
      }),
      setAside: async (_: Uint8Array, from: number): Promise<MailboxPage> => ({
        items: aside.filter(({ sequence }) => sequence >= from).slice(0, 1),
        next: (aside.find(({ sequence }) => sequence >= from)?.sequence ?? from) + 1,
        stock,
        setAside: aside.length,
      }),
      discardSetAside: async (_: Uint8Array, upTo: number): Promise<void> => {
        stored.push(upTo, (await storage.list('set-aside/')).length);
      },
    } as unknown as RelayClient;
    await mailbox.fetchAll();
    expect(await storage.list('')).toEqual([]);
    const again = new Mailbox({ client, storage }, device);
    await again.fetchAll();
    expect(stored).toEqual([3, 1, 4, 2]);
    const [welcome, envelope] = await again.setAside();
    expect(await again.welcomes()).toEqual([]);
    await again.retry(welcome!);
    await again.retry(envelope!);
    expect([(await again.welcomes()).length, (await again.envelopes()).length]).toEqual([1, 1]);
    expect(await again.setAside()).toEqual([]);
  });
});
