import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a trailing slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Entry {
  /** Relative to the root: `sdk/index.ts`. */
  readonly source: string;
  /** Relative to the root: `dist/sdk/index.js`. */
  readonly output: string;
}

export interface Library extends Entry {
  /** What importers write: `terachat-relay/sdk`. */
  readonly specifier: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;

/** What `exports` promises to importers; the manifest alone says which entries there are. */
export const libraries: readonly Library[] = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ specifier: manifest.name + path.slice(1), ...entryOf(target.default) }],
);

/** What `bin` promises to shells. */
export const commands: readonly Entry[] = Object.values(manifest.bin ?? {}).map(entryOf);

/** What a command starts as a process of its own, by its path in `dist/`. */
export const processes: readonly Entry[] = commands.length > 0 ? [entryOf('./dist/workers/local/relay-child.js')] : [];

/** What an installation brings along. Whatever else a shipped file imports is bundled, its licence included. */
export const externalPackages: readonly string[] = Object.keys({
  ...manifest.dependencies,
  ...manifest.peerDependencies,
});

function entryOf(target: string): Entry {
  const output = target.replace(/^\.\//, '');
  return { output, source: output.replace(/^dist\//, '').replace(/\.js$/, '.ts') };
}
