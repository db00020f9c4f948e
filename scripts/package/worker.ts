import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { buildWorker, INPUTS_FILE, type WorkerBundle } from '../../workers/local/worker-bundle.ts';
import { root } from './entries.ts';

/** Bundles the relay as a deployment would, where the command looks for it in an installed package; gives what went in. */
export async function writeWorker(): Promise<Metafile> {
  const bundle = await buildWorker({ config: `${root}wrangler.toml`, folder: `${root}dist/worker` });
  const metafile = readWorkerInputs(bundle);
  // A source map of twice the size of all the rest, and wrangler's words on what the folder is and holds.
  for (const file of globSync(['*.map', 'README.md', INPUTS_FILE], { cwd: bundle.folder })) {
    rmSync(join(bundle.folder, file));
  }
  return metafile;
}

/**
 * What went into a bundle, as wrangler made it: it alone knows by wrangler.toml which file types a worker's bundle carries, so nothing
 * here bundles the relay a second time by rules of its own.
 */
export function readWorkerInputs({ folder }: WorkerBundle): Metafile {
  return JSON.parse(readFileSync(join(folder, INPUTS_FILE), 'utf8')) as Metafile;
}
