import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainKeys } from '../../../sdk/chain/chain-keys.ts';
import { LeafLog } from '../../../sdk/chain/leaf-log.ts';
import { memoryStorage, type Storage } from '../../../sdk/index.ts';
import { sha256 } from '../../../core/index.ts';

const keys = chainKeys(new Uint8Array(32));
const number = (value: number): Uint8Array => Uint8Array.of(value >> 16, (value >> 8) & 255, value & 255);
const hashOf = (index: number): Uint8Array => sha256(number(index));

function pushEntry(log: LeafLog, index: number): boolean {
  if (!log.claimEventId(number(1), number(index))) return false;
  log.push({ hash: hashOf(index), relayTime: 1_700_000_000_000 + index });
  return true;
}

async function store(log: LeafLog, storage: Storage): Promise<void> {
  await storage.commit(log.pendingWrites(keys));
  log.markStored();
}

describe('what a client remembers of the entries that it verified', () => {
  test('[CL7] whatever the sizes of its pages, it is read back whole, with few records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 14 }), async (pages) => {
        const storage = memoryStorage();
        const log = new LeafLog();
        let size = 0;
        for (const page of pages) {
          for (const end = size + page; size < end; size++) pushEntry(log, size);
          await store(log, storage);
        }
        const read = new LeafLog();
        await read.load(storage, keys, size);
        for (let index = 0; index < size; index++) {
          expect(read.at(index)).toEqual({ hash: hashOf(index), relayTime: 1_700_000_000_000 + index });
        }
        expect(read.at(size)).toBeUndefined();
        expect(read.at(-1)).toBeUndefined();
        expect(size === 0 || !read.claimEventId(number(1), number(size - 1))).toBe(true);
        const records = await storage.list('');
        expect(records.length).toBeLessThanOrEqual(Math.floor(size / 256) + Math.min(pages.length, 256));
      }),
      { numRuns: 30 },
    );
  });

  test('a page that did not verify leaves no trace, and its event ids may come again', async () => {
    const storage = memoryStorage();
    const log = new LeafLog();
    for (let index = 0; index < 3; index++) pushEntry(log, index);
    await store(log, storage);
    pushEntry(log, 3);
    log.claimEventId(number(1), number(4));
    expect(log.claimEventId(number(1), number(0))).toBe(false);
    log.rollBack();
    expect(log.size).toBe(3);
    expect(log.pendingWrites(keys)).toEqual([]);
    expect(log.claimEventId(number(1), number(0))).toBe(false);
    expect(pushEntry(log, 3)).toBe(true);
    expect(pushEntry(log, 4)).toBe(true);
  });

  test('it catches up with what another process stored, joined records included', async () => {
    const storage = memoryStorage();
    const [mine, other] = [new LeafLog(), new LeafLog()];
    for (let index = 0; index < 10; index++) pushEntry(mine, index);
    await store(mine, storage);
    await other.load(storage, keys, 10);
    for (let index = 10; index < 600; index++) {
      pushEntry(other, index);
      if (index % 7 === 0) await store(other, storage);
    }
    await store(other, storage);
    await mine.load(storage, keys, 600);
    expect(mine.at(599)?.hash).toEqual(hashOf(599));
    for (let index = 600; index < 800; index++) pushEntry(mine, index);
    await store(mine, storage);
    await other.load(storage, keys, 800);
    expect(other.at(700)?.hash).toEqual(hashOf(700));
    expect(await storage.list('')).toHaveLength(4);
  });

  test('records that are missing are damage, not an empty past', async () => {
    const storage = memoryStorage();
    const log = new LeafLog();
    for (let index = 0; index < 300; index++) pushEntry(log, index);
    await store(log, storage);
    await storage.commit([{ key: keys.leaves(0), value: undefined }]);
    await expect(new LeafLog().load(storage, keys, 300)).rejects.toMatchObject({ code: 'storage-damaged' });
  });
});
