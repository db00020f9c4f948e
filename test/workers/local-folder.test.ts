import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FolderLock } from '../../workers/local/folder-lock.ts';
import { openCluster } from '../../workers/local/local-cluster.ts';
import { writeOwnFile } from '../../workers/local/write-file.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'terachat-folder-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const nodesOf = (variable: string): number => (JSON.parse(variable) as { nodes: unknown[] }).nodes.length;

it('[SC13] a relay starts with the cluster that it had, and with no other where that can not be read', () => {
  expect(nodesOf(openCluster(folder, { nodes: 4, dataShards: 2, spares: 0 }, {}).variable)).toBe(4);
  expect(nodesOf(openCluster(folder, undefined, {}).variable)).toBe(4);
  const path = join(folder, 'cluster.json');
  for (const text of ['{"nodes":4,"dataShards"', '{"nodes":"4"}', 'null', '']) {
    writeFileSync(path, text);
    const refused = expect.objectContaining({
      problem: expect.objectContaining({
        code: 'invalid-cluster',
        title: `${path} names no nodes that can be read.`,
      }) as unknown,
    }) as Error;
    expect(() => openCluster(folder, undefined, {}), text).toThrow(refused);
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
  expect(nodesOf(openCluster(folder, { nodes: 5, dataShards: 2, spares: 0 }, {}).variable)).toBe(5);
});

it('a file that can not be written leaves nothing behind, and the system says why', () => {
  const path = join(folder, 'taken');
  mkdirSync(path);
  expect(() => writeOwnFile(path, 'text')).toThrow(/EISDIR|EEXIST|EPERM/);
  expect(readdirSync(folder)).toEqual(['taken']);
});

it('a folder that the lock can not be written to is refused as one that no relay can use', async () => {
  mkdirSync(join(folder, 'relay.lock'));
  const refused = { problem: { code: 'folder-unusable', folder, cause: expect.stringMatching(/^E/) as string } };
  await expect(FolderLock.acquire(folder)).rejects.toMatchObject(refused);
  expect(readdirSync(folder)).toEqual(['relay.lock']);
});
