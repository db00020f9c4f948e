import { join } from 'node:path';
import { compileAssemblyScript } from '../assembly-script.ts';

/** A file of `kernels/` that is made of the sources beside it. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const ROOT = join(import.meta.dirname, '../..');
const KERNELS = join(ROOT, 'kernels');
const SOURCES = join(KERNELS, 'assembly');
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
  const modules = Object.entries(BUILDS).map(([name, features]) => [name, compile(features)] as const);
  const files = modules.map(([name, bytes]) => ({ path: join(KERNELS, `erasure-${name}.wasm`), bytes }));
  return [...files, { path: join(KERNELS, 'erasure-modules.ts'), bytes: Buffer.from(asTypeScript(modules)) }];
}

function compile(features: readonly string[]): Uint8Array {
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  return compileAssemblyScript(SOURCES, SOURCE, [...OPTIONS, ...enabled]);
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
