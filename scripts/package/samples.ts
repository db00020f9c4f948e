import { cpSync, globSync } from 'node:fs';
import { root } from './entries.ts';

/** What `terachat module new` begins with, by its paths in `policies/`, of the sources as of the package. */
export function sampleFiles(): string[] {
  return globSync(['asconfig.json', '*.jsonl', 'assembly/*'], { cwd: `${root}policies` });
}

export function copySamples(): void {
  for (const file of sampleFiles()) cpSync(`${root}policies/${file}`, `${root}dist/policies/${file}`);
}
