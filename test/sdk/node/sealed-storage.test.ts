import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesToUtf8, utf8ToBytes } from '../../../core/index.ts';
import { connect, memoryStorage, sealedStorage, type Storage, type StorageSecret } from '../../../sdk/index.ts';
import { fileStorage } from '../../../sdk/node/index.ts';
import { describeStorage } from '../../contracts/storage.ts';

const key = new Uint8Array(32).fill(9);
/** The least that is taken: these tests are about doors, not about their strength. */
const cheap = { logN: 15 };

describeStorage('sealed memory storage', async () => {
  const inner = memoryStorage();
  return { open: () => sealedStorage(inner, { key }), dispose: () => inner.close() };
});

describeStorage('sealed file storage', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealed-'));
  const opened: Storage[] = [];
  return {
    open: async () => {
      const storage = await sealedStorage(fileStorage(join(folder, 'data')), { key });
      opened.push(storage);
      return storage;
    },
    dispose: async () => {
      for (const storage of opened) await storage.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('a sealed storage', () => {
  let folder: string;
  let file: Storage;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealed-'));
    file = fileStorage(folder);
  });

  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  const put = (storage: Storage, name: string, text: string): Promise<void> =>
    storage.commit([{ key: name, value: utf8ToBytes(text) }]);
  const get = async (storage: Storage, name: string): Promise<string | undefined> => {
    const bytes = await storage.read(name);
    return bytes && bytesToUtf8(bytes);
  };

  test('[CL22] writes neither names nor contents where others can read them', async () => {
    const storage = await sealedStorage(file, { passphrase: 'nine at the harbour' }, cheap);
    await put(storage, 'chain/friends/outbox/1', 'do not tell Mallory');
    await storage.exclusive('chain/friends', async () => undefined);
    const journal = readFileSync(join(folder, 'journal')).toString('latin1');
    for (const word of ['chain', 'friends', 'outbox', 'Mallory', 'nine at']) expect(journal).not.toContain(word);
    expect(await get(storage, 'chain/friends/outbox/1')).toBe('do not tell Mallory');
  });

  test('[CL22] opens with its own secret alone, and says so', async () => {
    const storage = await sealedStorage(file, { passphrase: 'Ångström' }, cheap);
    await put(storage, 'a', 'one');
    // The same words from a keyboard that composes them otherwise.
    expect(await get(await sealedStorage(file, { passphrase: 'Ångström'.normalize('NFD') }), 'a')).toBe('one');
    const wrong: StorageSecret[] = [{ passphrase: 'angstrom' }, { key }];
    for (const secret of wrong) {
      await expect(sealedStorage(file, secret)).rejects.toMatchObject({
        name: 'StorageError',
        code: 'storage-secret-wrong',
        advice: { kind: 'ask' },
      });
    }
    const other = memoryStorage();
    await sealedStorage(other, { key });
    await expect(sealedStorage(other, { key: new Uint8Array(32) })).rejects.toMatchObject({
      code: 'storage-secret-wrong',
    });
    await expect(sealedStorage(other, { passphrase: '' })).rejects.toThrow(TypeError);
    await expect(sealedStorage(other, { key: new Uint8Array(31) })).rejects.toThrow(TypeError);
    await expect(sealedStorage(other, { key }, { logN: 30 })).rejects.toThrow(RangeError);
  });

  test('[CL22] a record that was changed, or put in the place of another, is reported and not read', async () => {
    const storage = await sealedStorage(file, { key });
    await put(storage, 'a', 'mine');
    await put(storage, 'b', 'yours');
    const places = (await file.list('value/')) as [string, string];
    const [first, second] = [await file.read(places[0]), await file.read(places[1])] as [Uint8Array, Uint8Array];
    const expectDamage = async (): Promise<void> => {
      const outcomes = await Promise.allSettled(['a', 'b'].map((name) => storage.read(name)));
      const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(reasons.length).toBeGreaterThan(0);
      for (const reason of reasons) expect(reason).toMatchObject({ code: 'storage-damaged' });
    };
    for (let at = 0; at < first.length; at++) {
      const changed = first.slice();
      changed[at] = (changed[at] as number) ^ 1;
      await file.commit([{ key: places[0], value: changed }]);
      await expectDamage();
    }
    await file.commit([
      { key: places[0], value: second },
      { key: places[1], value: first },
    ]);
    await expectDamage();
    const names = (await file.list('name/')) as [string, string];
    await file.commit([{ key: names[0], value: (await file.read(names[1]))! }]);
    await expect((await sealedStorage(file, { key })).list('')).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  test('[CL22] what was begun readable is not sealed half-way, and what is sealed is not used readable', async () => {
    await put(file, 'identity', 'readable');
    await expect(sealedStorage(file, { key })).rejects.toMatchObject({ code: 'storage-not-sealed' });
    const sealed = memoryStorage();
    await sealedStorage(sealed, { key });
    await expect(connect({ relay: 'http://127.0.0.1:9', storage: sealed })).rejects.toMatchObject({
      code: 'storage-sealed',
    });
  });

  test('[CL22] a seal that asks for more memory than any of ours is no seal', async () => {
    await sealedStorage(file, { passphrase: 'words' }, cheap);
    const seal = (await file.read('seal'))!.slice();
    seal[seal.indexOf(15)] = 31;
    await file.commit([{ key: 'seal', value: seal }]);
    await expect(sealedStorage(file, { passphrase: 'words' })).rejects.toMatchObject({ code: 'storage-damaged' });
  });
});
