import { readFileSync } from 'node:fs';

/** A file of this folder, as JSON. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as T;
}
