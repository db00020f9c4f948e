import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { V4ModuleDefinition, V4ModuleRule, V4WorkerOptions } from 'miniflare';
import { OPTIONS_FILE, type WorkerBundle } from './worker-bundle.ts';

interface Description {
  readonly name: string;
  readonly mainModule: string;
  readonly modulesRules?: readonly V4ModuleRule[];
}

type BundledOptions = V4WorkerOptions & { readonly name: string; readonly modules: V4ModuleDefinition[] };

/** What wrangler.toml says of the worker, with its modules listed one by one instead of found by rules. */
export function readWorkerOptions({ folder }: WorkerBundle): BundledOptions {
  const text = readFileSync(join(folder, OPTIONS_FILE), 'utf8');
  const { mainModule, modulesRules = [], ...options } = JSON.parse(text) as Description;
  return { ...options, modulesRoot: folder, modules: listModules(folder, mainModule, modulesRules) };
}

/** The files of a bundle that are modules of its worker, by the rules of its wrangler.toml. */
export function bundledFiles(bundle: WorkerBundle): string[] {
  return readWorkerOptions(bundle).modules.map(({ path }) => path);
}

/** The main module first: that is how Miniflare knows it. */
function listModules(folder: string, main: string, rules: readonly V4ModuleRule[]): V4ModuleDefinition[] {
  const others = readdirSync(folder).flatMap((name) => {
    const rule = rules.find(({ include }) => include.some((glob) => matches(name, glob)));
    return rule === undefined ? [] : [{ type: rule.type, path: join(folder, name) }];
  });
  return [{ type: 'ESModule', path: join(folder, main) }, ...others];
}

/** Rules name files by their extension, after any folder. */
function matches(name: string, glob: string): boolean {
  return glob.startsWith('**/*.') && name.endsWith(glob.slice('**/*'.length));
}
