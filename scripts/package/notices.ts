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

/** Writes the licences of bundled packages beside the bundles. */
export function writeNotices(metafiles: Iterable<Metafile>): void {
  const notices = bundledPackages(metafiles).map(noticeOf);
  if (notices.length > 0) writeFileSync(`${root}dist/THIRD-PARTY-NOTICES.txt`, notices.join('\n\n'));
}

interface BundledManifest {
  readonly version: string;
  readonly license: string;
  readonly repository: { readonly url: string };
}

function noticeOf(name: string): string {
  const folder = `${root}node_modules/${name}`;
  const { version, license, repository } = JSON.parse(
    readFileSync(`${folder}/package.json`, 'utf8'),
  ) as BundledManifest;
  const [file] = globSync('{LICENSE,LICENCE,license,licence}*', { cwd: folder });
  const text =
    file === undefined
      ? `Licence: ${license}. The package holds no text of it; its source is at ${repository.url}`
      : readFileSync(`${folder}/${file}`, 'utf8').trim();
  return `${name} ${version}\n\n${text}\n`;
}
