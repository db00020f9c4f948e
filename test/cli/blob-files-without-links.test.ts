import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { writeFileWhole } from '../../cli/blob-files.ts';

/** As FAT answers. */
vi.mock('node:fs', async (original) => ({
  ...(await original<Record<string, unknown>>()),
  linkSync: () => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), {
      code: 'EPERM',
      syscall: 'link',
      errno: -1,
    });
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'terachat-stick-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function* segments(onLast: () => void): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('har'));
  onLast();
  yield Buffer.from('bour');
}

it('a file is written where there are no links, and over none that came meanwhile', async () => {
  const target = join(folder, 'harbour.txt');
  await writeFileWhole(
    target,
    segments(() => undefined),
    false,
  );
  expect(readFileSync(target, 'utf8')).toBe('harbour');
  const taken = join(folder, 'taken.txt');
  const writing = writeFileWhole(
    taken,
    segments(() => writeFileSync(taken, 'mine')),
    false,
  );
  await expect(writing).rejects.toMatchObject({ code: 'file-exists' });
  expect(readFileSync(taken, 'utf8')).toBe('mine');
  expect(readdirSync(folder).sort()).toEqual(['harbour.txt', 'taken.txt']);
});
