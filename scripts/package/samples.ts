import { cpSync, globSync } from 'node:fs';
import { root } from './entries.ts';

/** Copies what `terachat module new` begins with. */
export function copySamples(): void {
  const files = globSync(['asconfig.json', '*.jsonl', 'assembly/*'], { cwd: `${root}policies` });
  for (const file of files) cpSync(`${root}policies/${file}`, `${root}dist/policies/${file}`);
}
