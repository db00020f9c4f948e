import { globSync, readFileSync, writeFileSync } from 'node:fs';
import type { Metafile } from 'esbuild';
import { root } from './entries.ts';

/** The packages whose code is inside these bundles. */
export function bundledPackages(metafiles: Iterable<Metafile>): string[] {
  const names = new Set<string>();
  for (const { inputs } of metafiles) {
    for (const path of Object.keys(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  return [...names].sort();
}

/** Writes the licences of bundled packages beside the bundles. Throws where a package has none to show. */
export function writeNotices(metafiles: Iterable<Metafile>): void {
  const notices = bundledPackages(metafiles).map(noticeOf);
  if (notices.length > 0) writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices.join('\n\n'));
}

function noticeOf(name: string): string {
  const folder = `${root}node_modules/${name}`;
  const [file] = globSync('{LICENSE,LICENCE,license,licence}*', { cwd: folder });
  if (file === undefined) throw new Error(`${name} is bundled but holds no licence text`);
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string };
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
}
