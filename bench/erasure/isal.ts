import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ErasureCase } from './codec-loop.ts';
import type { Contestant } from './contestant.ts';

const SOURCE = join(import.meta.dirname, 'isal.c');

/** Intel's library, by a small program that the machine's own compiler makes of `isal.c`; or why there is none. */
export function openIsal(folder: string): Contestant | string {
  const program = join(folder, 'isal');
  const compiled = spawnSync('cc', ['-O2', SOURCE, '-lisal', '-o', program], { encoding: 'utf8' });
  if (compiled.status !== 0)
    return 'ISA-L is left out: it takes a C compiler and libisal-dev (apt-get install libisal-dev)';
  return { name: 'isa-l', rate: async (erasureCase, seconds) => rate(program, erasureCase, seconds) };
}

function rate(program: string, { dataShards, totalShards, bytes, operation }: ErasureCase, seconds: number): number {
  const args = [dataShards, totalShards, bytes, operation, seconds].map(String);
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ISA-L failed with ${String(status)}`);
  return Number(stdout);
}
