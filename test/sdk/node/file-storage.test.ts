import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileStorage } from '../../../sdk/node/index.ts';
import type { Storage } from '../../../sdk/index.ts';
import { describeStorage } from '../../contracts/storage.ts';

describeStorage('file storage', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'storage-'));
  const opened: Storage[] = [];
  return {
    open: async () => {
      const storage = fileStorage(join(folder, 'data'));
      opened.push(storage);
      return storage;
    },
    dispose: async () => {
      for (const storage of opened) await storage.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('the journal file', () => {
  let folder: string;
  let journal: string;
  const opened: Storage[] = [];
  const open = (): Storage => {
    const storage = fileStorage(folder);
    opened.push(storage);
    return storage;
  };
  const put = (storage: Storage, key: string, ...values: number[]): Promise<void> =>
    storage.commit([{ key, value: Uint8Array.from(values) }]);

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'journal-')), 'data');
    journal = join(folder, 'journal');
  });

  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close();
    await rm(join(folder, '..'), { recursive: true });
  });

  test('folder and files are for their owner alone', async () => {
    await put(open(), 'a', 1);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(journal).mode & 0o777).toBe(0o600);
  });

  test('[CL9] a last commit cut short at any byte never happened, and the next one goes on from there', async () => {
    await put(open(), 'a', 1);
    const whole = statSync(journal).size;
    await opened[0]!.commit([
      { key: 'a', value: Uint8Array.of(2) },
      { key: 'b', value: Uint8Array.of(3) },
    ]);
    const after = readFileSync(journal);
    for (let size = whole; size < after.length; size++) {
      writeFileSync(journal, after.subarray(0, size));
      const storage = open();
      expect(await storage.read('a')).toEqual(Uint8Array.of(1));
      expect(await storage.read('b')).toBeUndefined();
      await put(storage, 'c', size % 256);
      expect(await open().read('c')).toEqual(Uint8Array.of(size % 256));
    }
  });

  test('[CL9] what a crash left of a long commit does not outlast the shorter one that follows', async () => {
    await put(open(), 'a', 1);
    await opened[0]!.commit([{ key: 'b', value: new Uint8Array(5_000).fill(7) }]);
    truncateSync(journal, statSync(journal).size - 1);
    await put(open(), 'c', 3);
    await put(open(), 'd', 4);
    const storage = open();
    expect(await storage.list('')).toEqual(['a', 'c', 'd']);
  });

  test('[CL9] zeros that a file system left at the end are no commit', async () => {
    await put(open(), 'a', 1);
    appendFileSync(journal, Buffer.alloc(100));
    const storage = open();
    expect(await storage.read('a')).toEqual(Uint8Array.of(1));
    await put(storage, 'a', 2);
    expect(await open().read('a')).toEqual(Uint8Array.of(2));
  });

  test('[CL9] damage before the end is reported and nothing is cut away', async () => {
    const storage = open();
    for (let i = 0; i < 3; i++) await put(storage, 'a', i, i, i, i);
    const sound = readFileSync(journal);
    // Every byte but those of the last record, whose damage looks like a write that a crash cut short.
    const lastRecord = sound.lastIndexOf(Uint8Array.of(2, 2, 2, 2)) - 40;
    for (let at = 0; at < lastRecord; at++) {
      const bad = Buffer.from(sound);
      bad[at] = (bad[at] as number) ^ 0x10;
      writeFileSync(journal, bad);
      expect(() => open()).toThrow(expect.objectContaining({ code: 'storage-damaged' }));
      expect(readFileSync(journal)).toEqual(bad);
    }
    writeFileSync(journal, sound);
    expect(await open().read('a')).toEqual(Uint8Array.of(2, 2, 2, 2));
  });

  test('a journal cut below what was read is reported, not read past its end', async () => {
    const storage = open();
    await put(storage, 'a', 1);
    truncateSync(journal, 30);
    await expect(storage.read('a')).rejects.toMatchObject({ code: 'storage-damaged' });
  });

  test('a journal of mostly dead values is rewritten, and other processes follow it', async () => {
    const storage = open();
    const other = open();
    await put(storage, 'kept', 7);
    for (let i = 0; i < 30; i++) {
      await storage.commit([{ key: 'large', value: new Uint8Array(200_000).fill(i) }]);
      expect((await other.read('large'))?.[0]).toBe(i);
    }
    expect(statSync(journal).size).toBeLessThan(5_000_000);
    expect(statSync(journal).mode & 0o777).toBe(0o600);
    await put(other, 'kept', 8);
    expect(await storage.read('kept')).toEqual(Uint8Array.of(8));
    expect((await open().read('large'))?.[199_999]).toBe(29);
  });

  test('[CL9] a commit stands where the journal can not be rewritten after it', async () => {
    const storage = open();
    mkdirSync(`${journal}.new`);
    for (let i = 0; i < 3; i++) await storage.commit([{ key: 'large', value: new Uint8Array(2_000_000).fill(i) }]);
    expect((await storage.read('large'))?.[0]).toBe(2);
    rmdirSync(`${journal}.new`);
    await put(storage, 'a', 1);
    expect(statSync(journal).size).toBeLessThan(3_000_000);
  });

  test('a value larger than what is read at once comes back whole', async () => {
    const value = new Uint8Array(5_000_000).map((_, i) => i % 251);
    await open().commit([{ key: 'a', value }]);
    await put(opened[0]!, 'b', 1);
    const storage = open();
    expect(Buffer.from((await storage.read('a'))!).equals(value)).toBe(true);
    expect(await storage.read('b')).toEqual(Uint8Array.of(1));
  });

  test('[CL9] writers killed in the middle lose nothing that they had acknowledged and leave no half batch', async () => {
    for (let round = 0; round < 2; round++) {
      const acknowledged = await Promise.all(['x', 'y'].map((lane) => killWriter(folder, lane)));
      const storage = open();
      for (const [i, lane] of ['x', 'y'].entries()) {
        const left = (await storage.read(`${lane}/left`))!;
        expect(await storage.read(`${lane}/right`)).toEqual(left);
        const stored = new DataView(left.buffer, left.byteOffset).getUint32(0);
        expect(stored).toBeGreaterThanOrEqual(acknowledged[i]!);
        expect(stored).toBeLessThanOrEqual(acknowledged[i]! + 1);
      }
    }
  });
});

/** Starts a writer, kills it at a moment of its own choosing, and returns the last number that it had acknowledged. */
async function killWriter(folder: string, lane: string): Promise<number> {
  const script = join(import.meta.dirname, 'journal-writer.ts');
  const child = spawn(process.execPath, [script, folder, lane], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    // The length of the output stands in for chance: the moment differs with lane and speed.
    if (output.length > 60 + (lane.charCodeAt(0) % 7)) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
}
