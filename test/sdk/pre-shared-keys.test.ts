import { expect, test } from 'vitest';
import { memoryStorage, sealedStorage, type Storage } from '../../sdk/index.ts';
import { MAX_PRE_SHARED_KEYS, PreSharedKeys } from '../../sdk/pre-shared-keys.ts';

const idOf = (index: number): Uint8Array => Uint8Array.of(index);
const secret = new Uint8Array(32).fill(0x5e);

async function recordsIn(storage: Storage): Promise<string[]> {
  const records: string[] = [];
  for (const key of await storage.list('')) records.push(Buffer.from((await storage.read(key))!).toString('latin1'));
  return records;
}

const holds = (records: string[], bytes: Uint8Array): boolean =>
  records.some((record) => record.includes(Buffer.from(bytes).toString('latin1')));

test('[CL45] a key outlives its session, is replaced by another one of its id, and is gone once forgotten', async () => {
  const storage = memoryStorage();
  await new PreSharedKeys(storage).keep(idOf(1), secret);
  await new PreSharedKeys(storage).keep(idOf(2), secret);
  const other = secret.map((byte) => byte + 1);
  await new PreSharedKeys(storage).keep(idOf(1), other);
  const keys = new PreSharedKeys(storage);
  expect(await keys.named([idOf(2), idOf(1)])).toEqual([
    { id: idOf(2), secret },
    { id: idOf(1), secret: other },
  ]);
  await keys.forget(idOf(2));
  await expect(keys.named([idOf(1), idOf(2)])).rejects.toMatchObject({ code: 'unknown-pre-shared-key' });
  await keys.forget(idOf(1));
  await keys.forget(idOf(1));
  expect(await storage.list('')).toEqual([]);
});

test('[CL45] [CL22] a sealed storage shows nothing of a key', async () => {
  const inner = memoryStorage();
  const storage = await sealedStorage(inner, { key: new Uint8Array(32).fill(3) });
  await new PreSharedKeys(storage).keep(idOf(1), secret);
  expect(await new PreSharedKeys(storage).named([idOf(1)])).toEqual([{ id: idOf(1), secret }]);
  expect(holds(await recordsIn(inner), secret)).toBe(false);
  const plain = memoryStorage();
  await new PreSharedKeys(plain).keep(idOf(1), secret);
  expect(holds(await recordsIn(plain), secret)).toBe(true);
});

test('[CL45] what is no key, and one too many, is refused; several sessions lose none of each other’s', async () => {
  const storage = memoryStorage();
  const keys = new PreSharedKeys(storage);
  for (const [id, value] of [
    [new Uint8Array(), secret],
    [new Uint8Array(256), secret],
    [idOf(1), new Uint8Array(15)],
    [idOf(1), new Uint8Array(256)],
  ] as const) {
    await expect(keys.keep(id, value)).rejects.toThrow(RangeError);
  }
  const all = Array.from({ length: MAX_PRE_SHARED_KEYS }, (_, index) => idOf(index));
  await Promise.all(all.map((id) => new PreSharedKeys(storage).keep(id, secret)));
  expect(await keys.all()).toHaveLength(MAX_PRE_SHARED_KEYS);
  await expect(keys.keep(idOf(200), secret)).rejects.toMatchObject({ code: 'too-many-pre-shared-keys' });
  await keys.keep(idOf(1), secret);
  await storage.commit([{ key: 'pre-shared-keys', value: Uint8Array.of(9) }]);
  await expect(keys.all()).rejects.toMatchObject({ code: 'storage-damaged' });
});
