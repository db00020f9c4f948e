import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const MIB = 1_048_576;
const script = join(import.meta.dirname, 'blob-memory-process.ts');

test('[BL11] 100 MiB become shards, and bytes again without two of them, in less than 32 MiB of memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'terachat-blob-'));
  try {
    const { stdout } = await run(process.execPath, [script, folder, String(100 * MIB + 1)]);
    const { isSame, workingBytes } = JSON.parse(stdout) as { isSame: boolean; workingBytes: number };
    console.log(`100 MiB: ${(workingBytes / MIB).toFixed(1)} MiB of working memory`);
    expect(isSame).toBe(true);
    expect(workingBytes).toBeLessThan(32 * MIB);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
