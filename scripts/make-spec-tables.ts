/** Writes the generated parts of docs/spec from the code: tables of types, codes and permissions, and definitions. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fillPage, specSections } from './spec/sections.ts';

const folder = fileURLToPath(new URL('../docs/spec/', import.meta.url));

for (const [name, sections] of Object.entries(specSections)) {
  const path = `${folder}${name}`;
  const page = readFileSync(path, 'utf8');
  const filled = fillPage(page, sections);
  if (filled !== page) writeFileSync(path, filled);
  console.log(`${filled === page ? 'kept ' : 'wrote'}  docs/spec/${name}`);
}
