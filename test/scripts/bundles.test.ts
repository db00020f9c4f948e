import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { bundleEntries } from '../../scripts/package/bundle.ts';
import { commands, libraries, processes, root } from '../../scripts/package/entries.ts';
import { bundledPackages } from '../../scripts/package/notices.ts';
import { readWorkerInputs } from '../../scripts/package/worker.ts';
import { bundledFiles, relayBundle } from '../../workers/local.ts';

/** The lines that a patch adds, by file. */
function additionsOf(patch: string): Map<string, string[]> {
  const files = patch.split(/^diff --git a\/(\S+) .*$/m).slice(1);
  const additions = new Map<string, string[]>();
  for (let i = 0; i < files.length; i += 2) {
    const lines = (files[i + 1] ?? '').split('\n').filter((line) => line.startsWith('+') && !line.startsWith('+++'));
    additions.set(
      files[i] ?? '',
      lines.map((line) => line.slice(1)),
    );
  }
  return additions;
}

/** All that `npm run build` makes, written nowhere: what can't be bundled shows here, and not when somebody packs. */
let bundles: ReadonlyMap<string, Metafile>;

beforeAll(async () => {
  bundles = await bundleEntries({ write: false });
});

test('every entry of the package is bundled', () => {
  const written = [...bundles.values()].flatMap(({ outputs }) => Object.keys(outputs));
  expect(written).toEqual(
    expect.arrayContaining([...libraries, ...commands, ...processes].map(({ output }) => output)),
  );
});

test('./core holds no package at all, and ./sdk none but the MLS library', () => {
  for (const [folder, metafile] of bundles) {
    const allowed = folder === 'sdk' ? ['ts-mls'] : [];
    expect(bundledPackages([metafile]).filter((name) => !allowed.includes(name))).toEqual([]);
  }
});

test('what is bundled of a patched package is the patched copy', async () => {
  const bundled = new Set([...bundles.values()].flatMap(({ inputs }) => Object.keys(inputs)));
  for (const patch of await readdir(join(root, 'patches'))) {
    const additions = additionsOf(await readFile(join(root, 'patches', patch), 'utf8'));
    for (const [path, lines] of [...additions].filter(([path]) => bundled.has(path))) {
      const source = await readFile(join(root, path), 'utf8');
      expect(lines.filter((line) => !source.includes(line))).toEqual([]);
    }
  }
});

test('whatever the bundle of the relay imports is a module by its rules', { timeout: 120_000 }, async () => {
  const bundle = await relayBundle();
  const imports = Object.values(readWorkerInputs(bundle).outputs).flatMap((output) => output.imports);
  const files = imports.map(({ path }) => path).filter((path) => path.startsWith('.'));
  expect(bundledFiles(bundle)).toEqual(expect.arrayContaining(files.map((path) => join(bundle.folder, path))));
  expect(files.map((path) => extname(path))).toEqual(expect.arrayContaining(['.sql', '.wasm']));
});
