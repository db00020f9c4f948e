import { dirname, relative, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { externalPackages, libraries, programs, root, type Entry } from './entries.ts';

/** Bundles every entry, into `dist/` where asked to write, and returns what went in, one metafile per entry. */
export async function bundleEntries({ write }: { write: boolean }): Promise<Map<Entry, Metafile>> {
  const metafiles = new Map<Entry, Metafile>();
  for (const entry of libraries) metafiles.set(entry, await bundle(entry, 'neutral', write));
  for (const entry of programs) metafiles.set(entry, await bundle(entry, 'node', write));
  return metafiles;
}

async function bundle(entry: Entry, platform: 'neutral' | 'node', write: boolean): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: entry.source, out: entry.output.replace(/\.js$/, '').replace(/^dist\//, '') }],
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform,
    target: 'es2022',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    // A program loads the parts that need more than Node alone only when they are called for.
    splitting: platform === 'node',
    chunkNames: `${dirname(entry.output).replace(/^dist\//, '')}/[name]-[hash]`,
    external: [...externalPackages.flatMap((name) => [name, `${name}/*`]), 'node:*'],
    plugins: [otherEntriesAside(entry)],
    metafile: true,
    write,
    logLevel: 'warning',
  });
  return metafile;
}

/** An entry that imports another one imports its bundle, so that no module is there twice with two identities. */
function otherEntriesAside(entry: Entry): Plugin {
  return {
    name: 'other-entries-aside',
    setup(bundler) {
      bundler.onResolve({ filter: /\/(index|main)\.ts$/ }, ({ path, resolveDir }) => {
        const source = relative(root, resolve(resolveDir, path));
        const other = libraries.find((library) => library.source === source && library !== entry);
        if (other === undefined) return undefined;
        const target = relative(dirname(entry.output), other.output);
        return { path: target.startsWith('.') ? target : `./${target}`, external: true };
      });
    },
  };
}
