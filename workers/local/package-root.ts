import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, from the sources as from any bundle of them. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json above the relay.');
    folder = parent;
  }
  return folder;
}

/** In a clone the sources are there and what runs is made from them; a published package has neither need nor tools. */
export function isClone(root: string): boolean {
  return existsSync(join(root, 'wrangler.toml'));
}
