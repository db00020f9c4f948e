import { evictDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeviceStore, type KeyPackageRow, type NewMail } from '../../../durable-objects/device/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { deviceMigrations } from '../../../migrations/index.ts';
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
  const keyPackage = (name: number, over: Partial<KeyPackageRow> = {}): KeyPackageRow => ({
    ref: bytesFor('ref', name, 32),
    bytes: bytesFor('package', name, 280),
    suite: SUITE,
    notAfter: 1000 + name,
    lastResort: false,
    ...over,
  });

  it('go out once each, the first to lapse first, then the last resort as often as asked', () =>
    withStore(({ keyPackages }) => {
      const lastResort = keyPackage(9, { lastResort: true });
      keyPackages.publish([keyPackage(2), keyPackage(1), lastResort, keyPackage(3)]);
      expect(keyPackages.stock(SUITE, 0)).toEqual({ available: 3, lastResort: true });
      const claimed = [0, 0, 0, 0, 0].map((now) => keyPackages.claim(SUITE, now));
      expect(claimed).toMatchObject([keyPackage(1), keyPackage(2), keyPackage(3), lastResort, lastResort]);
      expect(keyPackages.stock(SUITE, 0)).toEqual({ available: 0, lastResort: true });
    }));

  it('of another suite or past their lifetime are never given out', () =>
    withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1), keyPackage(2, { suite: 3 }), keyPackage(3, { lastResort: true })]);
      expect(keyPackages.stock(SUITE, 1001)).toEqual({ available: 0, lastResort: true });
      expect(keyPackages.claim(SUITE, 1002)).toMatchObject(keyPackage(3, { lastResort: true }));
      expect(keyPackages.claim(SUITE, 1003)).toBeUndefined();
      expect(keyPackages.claim(2, 0)).toBeUndefined();
      expect(keyPackages.claim(3, 0)).toMatchObject(keyPackage(2, { suite: 3 }));
    }));

  it('never return to the pool once claimed, not even when they are published again', async () => {
    await withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1)]);
      expect(keyPackages.claim(SUITE, 0)).toBeDefined();
    });
    await evictDurableObject(object);
    await withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(1)]);
      expect(keyPackages.claim(SUITE, 0)).toBeUndefined();
      expect(keyPackages.stock(SUITE, 0)).toEqual({ available: 0, lastResort: false });
    });
  });

  it('of a newer last resort replace the older one', () =>
    withStore(({ keyPackages }) => {
      keyPackages.publish([keyPackage(5, { lastResort: true }), keyPackage(7, { lastResort: true })]);
      expect(keyPackages.claim(SUITE, 0)).toMatchObject(keyPackage(7, { lastResort: true }));
    }));

  it('are pruned when they lapse, claimed or not, a bounded number at a time', () =>
    withStore(({ keyPackages }) => {
      expect(keyPackages.nextExpiry()).toBeUndefined();
      keyPackages.publish([1, 2, 3, 4].map((name) => keyPackage(name)));
      keyPackages.claim(SUITE, 0);
      expect(keyPackages.nextExpiry()).toBe(1001);
      expect(keyPackages.dropExpired(1003, 2)).toBe(2);
      expect(keyPackages.dropExpired(1003, 2)).toBe(1);
      expect(keyPackages.dropExpired(1003, 2)).toBe(0);
      expect(keyPackages.nextExpiry()).toBe(1004);
    }));
});

describe('the mailbox', () => {
  const everything = { after: 0, limit: 100, maxBytes: 1_000_000, now: 0 };
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
        { seq: 1, ...mail('welcome', 1, 5) },
        { seq: 2, ...mail('poke', 2, 9) },
        { seq: 3, ...mail('welcome', 2, 3) },
      ]);
      const seqs = (query: Partial<typeof everything>) =>
        mailbox.page({ ...everything, ...query }).map(({ seq }) => seq);
      expect(seqs({ after: 2 })).toEqual([3]);
      expect(seqs({ limit: 2 })).toEqual([1, 2]);
      expect(seqs({ maxBytes: 200 })).toEqual([1, 2]);
      expect(seqs({ maxBytes: 1 })).toEqual([1]);
      expect(seqs({ now: 1005 })).toEqual([2]);
      expect([mailbox.count('welcome'), mailbox.count('poke')]).toEqual([2, 1]);
    }));

  it('takes what an entry caused once', () =>
    withStore(({ mailbox }) => {
      expect(mailbox.put(mail('welcome', 1, 5))).toBe(1);
      expect(mailbox.put(mail('welcome', 1, 5))).toBeUndefined();
      expect(mailbox.put(mail('welcome', 2, 5))).toBeGreaterThan(1);
      expect(mailbox.put(mail('welcome', 1, 6))).toBeGreaterThan(2);
      expect(mailbox.count('welcome')).toBe(3);
    }));

  it('holds one poke a chain, the newest, where a cursor that passed the older one finds it', () =>
    withStore(({ mailbox }) => {
      mailbox.put(mail('poke', 1, 5));
      mailbox.put(mail('poke', 2, 5));
      const [cursor] = mailbox.page({ ...everything, after: 1 });
      mailbox.put(mail('poke', 1, 8));
      expect(mailbox.page({ ...everything, after: cursor!.seq })).toEqual([{ seq: 3, ...mail('poke', 1, 8) }]);
      expect(mailbox.count('poke')).toBe(2);
      expect(mailbox.put(mail('poke', 1, 8))).toBeUndefined();
      expect(mailbox.put(mail('poke', 1, 7))).toBeUndefined();
      expect(mailbox.count('poke')).toBe(2);
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
