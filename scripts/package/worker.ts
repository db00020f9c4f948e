import { globSync, rmSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';
import { buildWorker } from '../../workers/local/worker-bundle.ts';
import { root } from './entries.ts';

/** Bundles the relay as a deployment would, where the command looks for it in an installed package. */
export async function writeWorker(): Promise<void> {
  const { folder } = await buildWorker({ config: `${root}wrangler.toml`, folder: `${root}dist/worker` });
  // A source map of twice the size of all the rest, and wrangler's word on what the folder is.
  for (const file of globSync(['*.map', 'README.md'], { cwd: folder })) rmSync(`${folder}/${file}`);
}

/** What goes into the relay's bundle; wrangler keeps that to itself. */
export async function inspectWorker(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['workers/relay/index.ts'],
    bundle: true,
    write: false,
    outdir: 'dist',
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    loader: { '.sql': 'text', '.wasm': 'empty' },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}
