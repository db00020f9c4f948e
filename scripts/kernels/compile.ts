import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of `kernels/` that is made of the sources beside it. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const ROOT = join(import.meta.dirname, '../..');
const KERNELS = join(ROOT, 'kernels');
const SOURCES = join(KERNELS, 'assembly');
const COMPILER = join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
const SOURCE = 'erasure.ts';
/** Every build by the name of the instructions that it needs. */
const BUILDS = { 'relaxed-simd': ['simd', 'relaxed-simd'], simd: ['simd'] } as const;
const OPTIONS = [
  ...['--runtime', 'stub', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
  // It has no data and keeps nothing, so the host begins at 0. 513 pages are one of tables and 32 MiB of shards.
  ...['--initialMemory', '1', '--maximumMemory', '513'],
];

/** Compiles both builds. The same sources and compiler give the same bytes. */
export function compileKernels(): readonly KernelFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'terachat-kernels-'));
  try {
    const modules = Object.entries(BUILDS).map(([name, features]) => [name, compile(folder, name, features)] as const);
    const files = modules.map(([name, bytes]) => ({ path: join(KERNELS, `erasure-${name}.wasm`), bytes }));
    return [...files, { path: join(KERNELS, 'erasure-modules.ts'), bytes: Buffer.from(asTypeScript(modules)) }];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string, name: string, features: readonly string[]): Uint8Array {
  const outFile = join(folder, `${name}.wasm`);
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  const args = [COMPILER, SOURCE, ...OPTIONS, ...enabled, '--outFile', outFile];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: SOURCES, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the kernel does not compile\n${stderr}`);
  return readFileSync(outFile);
}

/** The modules for runtimes that have no import of WebAssembly. */
function asTypeScript(modules: readonly (readonly [name: string, bytes: Uint8Array])[]): string {
  const lines = modules.map(([name, bytes]) => {
    const key = name.includes('-') ? `'${name}'` : name;
    return `  ${key}:\n    '${Buffer.from(bytes).toString('base64')}',\n`;
  });
  return `/** Written by \`npm run kernels\`: the WebAssembly beside this file, in base64. */
export const erasureModules = {
${lines.join('')}} as const;
`;
}
