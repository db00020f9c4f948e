import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = join(import.meta.dirname, '../../durable-objects/policy');

/** What runs in the isolate of a policy, as text for the loader. The same sources and bundler give the same bytes. */
export async function bundleShim(): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'shim.ts')],
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
  });
  const source = outputFiles[0]?.text.trim() ?? '';
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const text = `/** Written by \`npm run policies\`: \`shim.ts\` with all that it imports. */
export const shimSource =
  ${quote(source)};
/** The beginning of its SHA-256. */
export const shimHash = '${hash}';
`;
  return { path: join(FOLDER, 'shim-source.ts'), bytes: Buffer.from(text) };
}

function quote(source: string): string {
  if (source.includes("'") || source.includes('\\') || source.includes('\n')) return JSON.stringify(source);
  return `'${source}'`;
}
