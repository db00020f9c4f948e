import { relative, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { commands, externalPackages, libraries, processes, root, type Entry } from './entries.ts';

/**
 * Bundles every entry, into `dist/` where asked to write, and returns what went in, by top folder. Entries of one folder
 * share what they have in common, so that a class is the same class in both.
 */
export async function bundleEntries({ write }: { write: boolean }): Promise<Map<string, Metafile>> {
  const metafiles = new Map<string, Metafile>();
  const folders = Map.groupBy([...libraries, ...commands, ...processes], ({ source }) => source.split('/')[0] ?? '');
  for (const [folder, entries] of folders) metafiles.set(folder, await bundleFolder(folder, entries, write));
  return metafiles;
}

async function bundleFolder(folder: string, entries: readonly Entry[], write: boolean): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map(({ source }) => ({ in: source, out: source.replace(/\.ts$/, '') })),
    outdir: 'dist',
    chunkNames: `${folder}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    external: [...externalPackages.flatMap((name) => [name, `${name}/*`]), 'node:*'],
    plugins: [otherFoldersAside(folder), absentPackages],
    metafile: true,
    logLevel: 'warning',
    write,
  });
  return metafile;
}

/** An entry of another folder is imported under its published name, so that no module is there twice. */
function otherFoldersAside(folder: string): Plugin {
  return {
    name: 'other-folders-aside',
    setup(bundler) {
      bundler.onResolve({ filter: /\/index\.ts$/ }, ({ path, resolveDir }) => {
        const source = relative(root, resolve(resolveDir, path));
        const other = libraries.find((library) => library.source === source && !source.startsWith(`${folder}/`));
        return other === undefined ? undefined : { path: other.specifier, external: true };
      });
    },
  };
}

/**
 * A bundled package may load on demand what this one doesn't install, such as cipher suites that are never used here.
 * Left as they are, these imports break the build of whoever bundles the SDK.
 */
const absentPackages: Plugin = {
  name: 'absent-packages',
  setup(bundler) {
    bundler.onResolve({ filter: /^@?[a-z]/ }, ({ path, kind }) => {
      const installed = externalPackages.some((name) => path === name || path.startsWith(`${name}/`));
      return kind === 'dynamic-import' && !installed && !path.startsWith('node:')
        ? { path: 'absent', namespace: 'absent' }
        : undefined;
    });
    bundler.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: "throw new Error('this package is not part of the bundle');",
    }));
  },
};
