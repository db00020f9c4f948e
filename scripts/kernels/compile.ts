import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/** A file of `kernels/` that is made of the sources beside it. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const FOLDER = join(import.meta.dirname, '../../kernels');
const SOURCE = 'erasure.ts';
/** Every build by the name of the instructions that it needs. */
const BUILDS = { 'relaxed-simd': ['simd', 'relaxed-simd'], simd: ['simd'] } as const;
const OPTIONS = [
  ...['--runtime', 'stub', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
  // It has no data and keeps nothing, so the host begins at 0. 513 pages are one of tables and 32 MiB of shards.
  ...['--initialMemory', '1', '--maximumMemory', '513'],
];

/** Compiles both builds. The same sources and compiler give the same bytes. */
export async function compileKernels(): Promise<readonly KernelFile[]> {
  const modules: [string, Uint8Array][] = [];
  for (const [name, features] of Object.entries(BUILDS)) modules.push([name, await compile(features)]);
  const files = modules.map(([name, bytes]) => ({ path: join(FOLDER, `erasure-${name}.wasm`), bytes }));
  return [...files, { path: join(FOLDER, 'erasure-modules.ts'), bytes: Buffer.from(asTypeScript(modules)) }];
}

async function compile(features: readonly string[]): Promise<Uint8Array> {
  let module: Uint8Array | undefined;
  const enabled = features.flatMap((feature) => ['--enable', feature]);
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main([SOURCE, ...OPTIONS, ...enabled, '--outFile', 'kernel.wasm'], {
    readFile: (name) => (name === SOURCE ? readFileSync(join(FOLDER, 'assembly', SOURCE), 'utf8') : null),
    writeFile: (_, contents) => {
      module = Uint8Array.from(contents as Uint8Array);
    },
    listFiles: () => [],
    stderr,
  });
  if (error !== null || module === undefined) {
    throw new Error(`the kernel does not compile\n${stderr.toString()}`, { cause: error });
  }
  return module;
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
