import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOwnFile } from './write-file.ts';

/**
 * The registry that the relay of a folder trusts: the wanted one, which is kept for the next start, or the one of the last. Undefined
 * where none was ever pinned. Needs the folder's lock.
 */
export function openPinnedRegistry(folder: string, wanted: string | undefined): string | undefined {
  const path = join(folder, 'registry');
  if (wanted !== undefined) writeOwnFile(path, `${wanted}\n`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
