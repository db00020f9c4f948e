import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFile, writeFileWhole } from '../../cli/blob-files.ts';
import { temporaryFolder } from './cluster/temporary-folder.ts';

let folder: string;
const target = () => join(folder, 'photo');

beforeEach(() => {
  folder = temporaryFolder();
});

async function* segments(...parts: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield await Promise.resolve(Buffer.from(part));
  }
}

describe('What is fetched', () => {
  it('is written whole, or leaves nothing behind', async () => {
    await writeFileWhole(target(), segments('har', 'bour'), false);
    expect(readFileSync(target(), 'utf8')).toBe('harbour');
    const broken = new Error('it does not verify');
    await expect(writeFileWhole(target(), segments('x', broken), true)).rejects.toBe(broken);
    expect([readdirSync(folder), readFileSync(target(), 'utf8')]).toEqual([['photo'], 'harbour']);
  });

  it('replaces a file only where that is asked for, and nothing that is no file', async () => {
    writeFileSync(target(), 'old');
    await expect(writeFileWhole(target(), segments('new'), false)).rejects.toMatchObject({ code: 'file-exists' });
    await writeFileWhole(target(), segments('new'), true);
    expect(readFileSync(target(), 'utf8')).toBe('new');
    mkdirSync(join(folder, 'box'));
    for (const path of [join(folder, 'box'), '/dev/null']) {
      await expect(writeFileWhole(path, segments('new'), true), path).rejects.toMatchObject({
        code: 'file-unusable',
        exit: 'usage',
        message: `${path} can't be written: it is there, and no file.`,
      });
    }
  });

  it('says in plain words why it can not be written, and names the place that was asked for', async () => {
    const lost = join(folder, 'no', 'photo');
    await expect(writeFileWhole(lost, segments('x'), false)).rejects.toMatchObject({
      code: 'file-unusable',
      message: `${lost} can't be written: there is no such folder.`,
    });
    const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', syscall: 'write', errno: -28 });
    await expect(writeFileWhole(target(), segments('x', full), false)).rejects.toMatchObject({
      exit: 'usage',
      message: `${target()} can't be written: the disk is full.`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('sends files alone', async () => {
  writeFileSync(target(), 'seen');
  expect(await (await openFile(target())).text()).toBe('seen');
  for (const [path, reason] of [
    [folder, 'it is no file'],
    [join(folder, 'none'), 'there is no such file'],
  ] as const) {
    const refused = { code: 'file-unusable', exit: 'usage', message: `${path} can't be read: ${reason}.` };
    await expect(openFile(path)).rejects.toMatchObject(refused);
  }
});
