import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMPILER = join(import.meta.dirname, '../node_modules/assemblyscript/bin/asc.js');

/** Compiles a file of a folder. The same sources, options and compiler give the same bytes. */
export function compileAssemblyScript(folder: string, source: string, options: readonly string[]): Uint8Array {
  const outFolder = mkdtempSync(join(tmpdir(), 'terachat-assembly-'));
  try {
    const outFile = join(outFolder, 'module.wasm');
    const args = [COMPILER, source, ...options, '--outFile', outFile];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${source} does not compile\n${stderr}`);
    return readFileSync(outFile);
  } finally {
    rmSync(outFolder, { recursive: true });
  }
}
