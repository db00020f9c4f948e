import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json: one up from `cli/` in a clone, two up from `dist/cli/` in the published package. */
export function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const inClone = dirname(here);
  return existsSync(join(inClone, 'package.json')) ? inClone : dirname(inClone);
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The published package holds no sources. */
export function isClone(): boolean {
  return import.meta.url.endsWith('.ts');
}

/** How this program is called from here, so that printed commands work as they stand. */
export function commandPrefix(): string {
  return isClone() ? 'npm run -s terachat --' : 'npx -p terachat-relay terachat';
}
