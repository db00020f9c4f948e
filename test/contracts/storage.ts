import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Storage } from '../../sdk/index.ts';

export interface StorageUnderTest {
  /** A storage over the same data as every other that this subject opened. */
  open(): Promise<Storage>;
  dispose(): Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What every storage must do, whoever keeps the bytes. */
export function describeStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the storage contract`, () => {
    let subject: StorageUnderTest;
    let storage: Storage;

    beforeEach(async () => {
      subject = await make();
      storage = await subject.open();
    });

    afterEach(() => subject.dispose());

    test('a key that was never written is undefined, and an empty value is not', async () => {
      await storage.commit([{ key: 'a', value: bytes() }]);
      expect(await storage.read('b')).toBeUndefined();
      expect(await storage.read('a')).toEqual(bytes());
    });

    test('the last write of a key in a batch stands, and a deletion deletes', async () => {
      await storage.commit([
        { key: 'a', value: bytes(1) },
        { key: 'a', value: bytes(2) },
        { key: 'b', value: bytes(3) },
        { key: 'b', value: undefined },
      ]);
      expect(await storage.read('a')).toEqual(bytes(2));
      expect(await storage.read('b')).toBeUndefined();
      await storage.commit([{ key: 'a', value: undefined }]);
      expect(await storage.list('')).toEqual([]);
    });

    test('list gives the keys under a prefix, sorted, and no others', async () => {
      await storage.commit(['g/10', 'g/2', 'h', 'g', 'g/1'].map((key) => ({ key, value: bytes(1) })));
      expect(await storage.list('g/')).toEqual(['g/1', 'g/10', 'g/2']);
      expect(await storage.list('')).toEqual(['g', 'g/1', 'g/10', 'g/2', 'h']);
    });

    test('bytes handed in may change afterwards without changing what was stored', async () => {
      const value = bytes(1, 2);
      const committed = storage.commit([{ key: 'a', value }]);
      await committed;
      value[0] = 9;
      expect(await storage.read('a')).toEqual(bytes(1, 2));
    });

    test('a batch with a bad key is refused whole', async () => {
      for (const key of ['', 'a b', 'ä', 'x'.repeat(513)]) {
        await expect(
          storage.commit([
            { key: 'good', value: bytes(1) },
            { key, value: bytes(1) },
          ]),
        ).rejects.toThrow(TypeError);
      }
      expect(await storage.list('')).toEqual([]);
    });

    test('what one storage committed, another over the same data reads at once', async () => {
      const other = await subject.open();
      await storage.commit([{ key: 'a', value: bytes(1) }]);
      expect(await other.read('a')).toEqual(bytes(1));
      await other.commit([{ key: 'a', value: bytes(2) }]);
      expect(await storage.read('a')).toEqual(bytes(2));
    });

    test('concurrent commits of two storages are all there, each whole', async () => {
      const other = await subject.open();
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          (i % 2 === 0 ? storage : other).commit([
            { key: `left/${i}`, value: bytes(i) },
            { key: `right/${i}`, value: bytes(i) },
          ]),
        ),
      );
      expect(await storage.list('left/')).toHaveLength(40);
      expect(await other.list('right/')).toHaveLength(40);
    });

    test('exclusive tasks of one name never overlap, also across storages, and lose no update', async () => {
      const other = await subject.open();
      let running = 0;
      const increment = async (on: Storage): Promise<void> => {
        running++;
        expect(running).toBe(1);
        const count = (await on.read('count'))?.[0] ?? 0;
        await on.commit([{ key: 'count', value: bytes(count + 1) }]);
        running--;
      };
      await Promise.all(
        Array.from({ length: 24 }, (_, i) => {
          const on = i % 2 === 0 ? storage : other;
          return on.exclusive('count', () => increment(on));
        }),
      );
      expect(await storage.read('count')).toEqual(bytes(24));
    });

    test('exclusive tasks of different names do not wait for each other', async () => {
      await storage.exclusive('a', () => storage.exclusive('b', async () => undefined));
    });

    test('exclusive gives the result and the error of its task, and is free afterwards', async () => {
      expect(await storage.exclusive('a', async () => 7)).toBe(7);
      await expect(storage.exclusive('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(await storage.exclusive('a', async () => 8)).toBe(8);
    });

    test('one who gives up waiting never runs, and those behind it do', async () => {
      let finish = (): void => undefined;
      let first = Promise.resolve();
      await new Promise<void>((started) => {
        first = storage.exclusive('a', () => {
          started();
          return new Promise<void>((resolve) => (finish = resolve));
        });
      });
      const abort = new AbortController();
      const second = storage.exclusive('a', () => Promise.reject(new Error('ran')), abort.signal);
      const third = storage.exclusive('a', async () => 'third');
      abort.abort(new Error('gave up'));
      await expect(second).rejects.toThrow('gave up');
      finish();
      await first;
      expect(await third).toBe('third');
    });

    test('a closed storage refuses everything by code, and closing twice is no error', async () => {
      await storage.close();
      await storage.close();
      for (const call of [
        () => storage.read('a'),
        () => storage.list(''),
        () => storage.commit([]),
        () => storage.exclusive('a', async () => undefined),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'storage-closed' });
      }
    });

    test('any sequence of commits leaves what a map would hold', async () => {
      const key = fc.constantFrom('a', 'b', 'c/1', 'c/2');
      const write = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }) });
      const batches = fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(batches, async (sequence) => {
          await storage.commit((await storage.list('')).map((old) => ({ key: old, value: undefined })));
          const model = new Map<string, Uint8Array>();
          for (const batch of sequence) {
            await storage.commit(batch);
            for (const { key: at, value } of batch) {
              if (value === undefined) model.delete(at);
              else model.set(at, value);
            }
          }
          expect(await storage.list('')).toEqual([...model.keys()].sort());
          for (const [at, value] of model) expect(await storage.read(at)).toEqual(value);
        }),
        { numRuns: 15 },
      );
    });
  });
}
