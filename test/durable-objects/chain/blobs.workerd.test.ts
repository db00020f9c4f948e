import { expect, it } from 'vitest';
import { layOut } from '../../../core/index.ts';
import { ChainStore, type BlobRow } from '../../../durable-objects/chain/store.ts';
import { applyMigrations } from '../../../durable-objects/migrate.ts';
import { chainMigrations } from '../../../migrations/index.ts';
import { bytesFor } from '../bytes-for.ts';
import { freshObject, withStorage } from '../storage-of.ts';

function row(number: number, change: Partial<BlobRow> = {}): BlobRow {
  const layout = layOut(1_000 + number, { dataShards: 4, totalShards: 6 });
  return {
    id: bytesFor('id', number, 16),
    kind: 'attachment',
    hash: bytesFor('hash', number, 32),
    size: 1_000 + number,
    descriptor: { version: 1, layout, root: bytesFor('root', number, 32) },
    placement: 1,
    missing: [],
    expiresAt: 100 + number,
    status: 'kept',
    ...change,
  };
}

it('keeps rows of blobs, finds the one that lives longest, and goes round all of them', () =>
  withStorage(freshObject('CHAIN'), (storage) => {
    applyMigrations(storage, chainMigrations);
    const { blobs } = new ChainStore(storage);
    const [first, again, segment] = [
      row(1, { missing: [0, 9, 63] }),
      row(2, { hash: row(1).hash }),
      row(3, { kind: 'segment' }),
    ];
    for (const each of [first, again, segment]) blobs.add(each);
    expect(blobs.get(first.id)).toEqual(first);
    expect(() => blobs.add(first)).toThrow();
    expect(blobs.find('attachment', first.hash, 0)).toEqual(again);
    expect(blobs.find('attachment', first.hash, 102)).toBeUndefined();
    expect(blobs.find('attachment', segment.hash, 0)).toBeUndefined();
    expect(blobs.usage('attachment')).toEqual({ count: 2, bytes: 2_003 });

    const ids = new Set<string>();
    let after: Uint8Array | undefined;
    for (;;) {
      const page = blobs.page(after, 2);
      for (const { id } of page) ids.add(String(id));
      after = page.at(-1)?.id;
      if (page.length < 2) break;
    }
    expect(ids.size).toBe(3);

    expect(blobs.nextExpiry()).toBe(101);
    expect(blobs.expired(102, 10).map(({ size }) => size)).toEqual([1_001, 1_002]);
    blobs.setMissing(first.id, [1]);
    blobs.setPlacement(again.id, 2, [2]);
    blobs.setStatus(again.id, 'inconsistent');
    expect(blobs.get(first.id)?.missing).toEqual([1]);
    expect(blobs.get(again.id)).toMatchObject({ placement: 2, missing: [2], status: 'inconsistent' });
    blobs.remove(first.id);
    expect(blobs.get(first.id)).toBeUndefined();
  }));
