import { evictDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeviceStore, type NewMail } from '../../../durable-objects/device/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { deviceMigrations } from '../../../migrations/index.ts';
import type { PublishedKeyPackage } from '../../../relay/index.ts';
import { bytesFor } from '../bytes-for.ts';
import { freshObject, withStorage } from '../storage-of.ts';

let object: DurableObjectStub;

beforeEach(() => {
  object = freshObject('DEVICE');
});

/** Runs on the migrated storage of this test's object. */
function withStore<R>(use: (store: DeviceStore) => R): Promise<R> {
  return withStorage(object, (storage) => {
    applyMigrations(storage, deviceMigrations);
    return use(new DeviceStore(storage));
  });
}

describe('KeyPackages', () => {
  const SUITE = 1;
  const WANTED = { suite: SUITE, credentials: 'bound' } as const;
  const stockOf = (store: DeviceStore['keyPackages'], now: number) => {
    const own = store.stock(now).find(({ ciphersuite }) => ciphersuite === SUITE);
    return { available: own?.available ?? 0, lastResort: own?.lastResort === 1 };
  };
  const keyPackage = (name: number, over: Partial<PublishedKeyPackage> = {}): PublishedKeyPackage => ({
    ref: bytesFor('ref', name, 32),
    bytes: bytesFor('package', name, 280),
    suite: SUITE,
    credentials: 'bound',
    notAfter: 1000 + name,
    lastResort: false,
    ...over,
  });

  it('go out once each, the first to lapse first, then the last resort as often as asked', () =>
    withStore(({ keyPackages }) => {
      const lastResort = keyPackage(9, { lastResort: true });
      keyPackages.publish([keyPackage(2), keyPackage(1), lastResort, keyPackage(3)], 0);
      expect(stockOf(keyPackages, 0)).toEqual({ available: 3, lastResort: true });
      const claimed = [0, 0, 0, 0, 0].map((now) => keyPackages.claim(WANTED, now));
      expect(claimed).toMatchObject([keyPackage(1), keyPackage(2), keyPackage(3), lastResort, lastResort]);
      expect(stockOf(keyPackages, 0)).toEqual({ available: 0, lastResort: true });
    }));

  it('of another suite or past their lifetime are never given out', () =>
    withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1), keyPackage(2, { suite: 3 }), keyPackage(3, { lastResort: true })], 0);
      expect(stockOf(keyPackages, 1001)).toEqual({ available: 0, lastResort: true });
      expect(keyPackages.claim(WANTED, 1002)).toMatchObject(keyPackage(3, { lastResort: true }));
      expect(keyPackages.claim(WANTED, 1003)).toBeUndefined();
      expect(keyPackages.claim({ ...WANTED, suite: 2 }, 0)).toBeUndefined();
      expect(keyPackages.claim({ suite: 3, credentials: 'unbound' }, 0)).toBeUndefined();
      expect(keyPackages.claim({ ...WANTED, suite: 3 }, 0)).toMatchObject(keyPackage(2, { suite: 3 }));
    }));

  it('never return to the pool once claimed, not even when they are published again', async () => {
    await withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1)], 0);
      expect(keyPackages.claim(WANTED, 0)).toBeDefined();
    });
    await evictDurableObject(object);
    await withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1)], 0);
      expect(keyPackages.claim(WANTED, 0)).toBeUndefined();
      expect(stockOf(keyPackages, 0)).toEqual({ available: 0, lastResort: false });
    });
  });

  it('of a newer last resort replace the older one', () =>
    withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(5, { lastResort: true }), keyPackage(7, { lastResort: true })], 0);
      expect(keyPackages.claim(WANTED, 0)).toMatchObject(keyPackage(7, { lastResort: true }));
      keyPackages.publish([keyPackage(6, { lastResort: true }), keyPackage(7, { lastResort: true })], 0);
      expect(keyPackages.claim(WANTED, 0)).toMatchObject(keyPackage(6, { lastResort: true }));
    }));

  it('keep their refs and drop their bytes when they leave the pool', () =>
    withStorage(object, (storage) => {
      applyMigrations(storage, deviceMigrations);
      const { keyPackages } = new DeviceStore(storage);
      keyPackages.publish([keyPackage(1), keyPackage(2), keyPackage(3, { lastResort: true })], 0);
      keyPackages.publish([keyPackage(4, { lastResort: true })], 0);
      keyPackages.claim(WANTED, 0);
      const sizes = storage.sql.exec('SELECT length(bytes) AS size FROM key_packages ORDER BY not_after').toArray();
      expect(sizes).toEqual([{ size: 0 }, { size: 280 }, { size: 0 }, { size: 280 }]);
      expect([1, 2, 3, 4, 5].map((name) => keyPackages.knows(keyPackage(name).ref))).toEqual([
        true,
        true,
        true,
        true,
        false,
      ]);
    }));

  it('[KP3] remember the newest of the refs that left the pool', () =>
    withStore(({ keyPackages }) => {
      keyPackages.publish(
        [1, 2, 3, 4].map((name) => keyPackage(name)),
        0,
      );
      for (const now of [10, 20, 30]) keyPackages.claim(WANTED, now);
      keyPackages.forget(2);
      expect([1, 2, 3, 4].map((name) => keyPackages.knows(keyPackage(name).ref))).toEqual([false, true, true, true]);
      expect(stockOf(keyPackages, 0).available).toBe(1);
    }));

  it('are pruned when they lapse, claimed or not, a bounded number at a time', () =>
    withStore(({ keyPackages }) => {
      expect(keyPackages.nextExpiry()).toBeUndefined();
      keyPackages.publish(
        [1, 2, 3, 4].map((name) => keyPackage(name)),
        0,
      );
      keyPackages.claim(WANTED, 0);
      expect(keyPackages.nextExpiry()).toBe(1001);
      expect(keyPackages.dropExpired(1003, 2)).toBe(2);
      expect(keyPackages.dropExpired(1003, 2)).toBe(1);
      expect(keyPackages.dropExpired(1003, 2)).toBe(0);
      expect(keyPackages.nextExpiry()).toBe(1004);
    }));
});

describe('the mailbox', () => {
  const everything = { from: 0, limit: 100, maxBytes: 1_000_000, maxGivings: 3, now: 0 };
  const unread = { given: 0, givenAt: 0, isSetAside: false };
  const mail = (kind: NewMail['kind'], chain: number, index: number): NewMail => ({
    kind,
    chain: bytesFor('chain', chain, 32),
    index,
    bytes: bytesFor(kind, index, 100),
    createdAt: 10,
    expiresAt: 1000 + index,
  });

  it('gives mail in the order in which it came, after a cursor', () =>
    withStore(({ mailbox }) => {
      expect(mailbox.lastSeq()).toBe(0);
      expect(mailbox.put(mail('welcome', 1, 5))).toBe(1);
      expect(mailbox.put(mail('poke', 2, 9))).toBe(2);
      expect(mailbox.put(mail('welcome', 2, 3))).toBe(3);
      expect(mailbox.page(everything)).toEqual([
        { seq: 1, ...mail('welcome', 1, 5), ...unread },
        { seq: 2, ...mail('poke', 2, 9), ...unread },
        { seq: 3, ...mail('welcome', 2, 3), ...unread },
      ]);
      const seqs = (query: Partial<typeof everything>) =>
        mailbox.page({ ...everything, ...query }).map(({ seq }) => seq);
      expect(seqs({ from: 3 })).toEqual([3]);
      expect(seqs({ limit: 2 })).toEqual([1, 2]);
      expect(seqs({ maxBytes: 200 })).toEqual([1, 2]);
      expect(seqs({ maxBytes: 1 })).toEqual([1]);
      expect(seqs({ now: 1005 })).toEqual([2]);
      expect([mailbox.taken('welcome', 0).items, mailbox.taken('poke', 0).items]).toEqual([2, 1]);
    }));

  it('takes what an entry caused once', () =>
    withStore(({ mailbox }) => {
      expect(mailbox.put(mail('welcome', 1, 5))).toBe(1);
      expect(mailbox.put(mail('welcome', 1, 5))).toBeUndefined();
      expect(mailbox.put(mail('welcome', 2, 5))).toBeGreaterThan(1);
      expect(mailbox.put(mail('welcome', 1, 6))).toBeGreaterThan(2);
      expect(mailbox.taken('welcome', 0).items).toBe(3);
    }));

  it('holds one poke a chain, the newest, where a cursor that passed the older one finds it', () =>
    withStore(({ mailbox }) => {
      mailbox.put(mail('poke', 1, 5));
      mailbox.put(mail('poke', 2, 5));
      const [cursor] = mailbox.page({ ...everything, from: 2 });
      mailbox.put(mail('poke', 1, 8));
      expect(mailbox.page({ ...everything, from: cursor!.seq + 1 })).toEqual([
        { seq: 3, ...mail('poke', 1, 8), ...unread },
      ]);
      expect(mailbox.taken('poke', 0).items).toBe(2);
      expect(mailbox.put(mail('poke', 1, 8))).toBeUndefined();
      expect(mailbox.put(mail('poke', 1, 7))).toBeUndefined();
      expect(mailbox.taken('poke', 0).items).toBe(2);
    }));

  it('never gives a sequence number twice, not even after everything was acknowledged', async () => {
    await withStore(({ mailbox }) => {
      for (const index of [1, 2, 3]) mailbox.put(mail('welcome', 1, index));
      expect(mailbox.acknowledge(2)).toBe(2);
      expect(mailbox.page(everything).map(({ seq }) => seq)).toEqual([3]);
      expect(mailbox.acknowledge(3)).toBe(1);
      expect(mailbox.acknowledge(3)).toBe(0);
    });
    await evictDurableObject(object);
    await withStore(({ mailbox }) => {
      expect(mailbox.lastSeq()).toBe(3);
      expect(mailbox.put(mail('welcome', 1, 9))).toBe(4);
    });
  });

  it('remembers without their bytes what was acknowledged, so that it is known when it comes again', () =>
    withStorage(object, (storage) => {
      applyMigrations(storage, deviceMigrations);
      const { mailbox } = new DeviceStore(storage);
      mailbox.put(mail('welcome', 1, 5));
      mailbox.put(mail('poke', 1, 6));
      mailbox.acknowledge(2);
      mailbox.put(mail('welcome', 1, 7));
      expect(mailbox.held('welcome', bytesFor('chain', 1, 32), 5)).toEqual({ index: 5, isWaiting: false });
      expect(mailbox.held('welcome', bytesFor('chain', 1, 32), 7)).toEqual({ index: 7, isWaiting: true });
      expect(mailbox.held('welcome', bytesFor('chain', 1, 32), 6)).toBeUndefined();
      expect(mailbox.held('poke', bytesFor('chain', 1, 32), 9)).toEqual({ index: 6, isWaiting: false });
      expect(mailbox.held('poke', bytesFor('chain', 2, 32), 6)).toBeUndefined();
      expect(mailbox.put(mail('welcome', 1, 5))).toBeUndefined();
      expect([mailbox.taken('welcome', 0).items, mailbox.taken('poke', 0).items]).toEqual([1, 0]);
      const sizes = storage.sql.exec('SELECT length(bytes) AS size FROM mailbox ORDER BY seq').toArray();
      expect(sizes).toEqual([{ size: 0 }, { size: 0 }, { size: 100 }]);
    }));

  it('[MX12] remembers the newest of what was acknowledged', () =>
    withStore(({ mailbox }) => {
      for (const index of [1, 2, 3, 4, 5]) mailbox.put(mail('welcome', 1, index));
      mailbox.setAside(1);
      mailbox.acknowledge(4);
      mailbox.forget(2);
      const chain = bytesFor('chain', 1, 32);
      const held = [1, 2, 3, 4, 5].map((index) => mailbox.held('welcome', chain, index)?.isWaiting);
      expect(held).toEqual([false, undefined, false, false, true]);
    }));

  it('forgets what has expired, a bounded number at a time', () =>
    withStore(({ mailbox }) => {
      expect(mailbox.nextExpiry()).toBeUndefined();
      for (const index of [3, 1, 2]) mailbox.put(mail('welcome', 1, index));
      expect(mailbox.nextExpiry()).toBe(1001);
      expect(mailbox.dropExpired(1002, 1)).toBe(1);
      expect(mailbox.dropExpired(1002, 9)).toBe(1);
      expect(mailbox.page(everything).map(({ index }) => index)).toEqual([3]);
    }));
});

describe('claim counts', () => {
  it('are kept one a chain and claimer and dropped when they end, a bounded number at a time', () =>
    withStore(({ claimCounts }) => {
      const subject = (name: number) => bytesFor('subject', name, 32);
      expect(claimCounts.nextExpiry()).toBeUndefined();
      claimCounts.save('chain', subject(1), { count: 1, endsAt: 100 });
      claimCounts.save('chain', subject(1), { count: 2, endsAt: 100 });
      claimCounts.save('claimer', subject(1), { count: 7, endsAt: 101 });
      claimCounts.save('chain', subject(3), { count: 1, endsAt: 102 });
      expect(claimCounts.read('chain', subject(1))).toEqual({ count: 2, endsAt: 100 });
      expect(claimCounts.read('claimer', subject(1))).toEqual({ count: 7, endsAt: 101 });
      expect([claimCounts.nextExpiry(), claimCounts.size()]).toEqual([100, 3]);
      expect(claimCounts.dropExpired(101, 1)).toBe(1);
      expect(claimCounts.dropExpired(101, 9)).toBe(1);
      expect(claimCounts.read('claimer', subject(1))).toBeUndefined();
      expect(claimCounts.read('chain', subject(3))?.count).toBe(1);
    }));
});
