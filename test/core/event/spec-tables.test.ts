import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fillPage, specSections } from '../../../scripts/spec/sections.ts';

const pages = Object.entries(specSections).map(([name, sections]) => ({ name, sections }));

test.each(pages)('[EV4, PR1] docs/spec/$name says what the code does', ({ name, sections }) => {
  const page = readFileSync(new URL(`../../../docs/spec/${name}`, import.meta.url), 'utf8');
  expect(fillPage(page, sections), 'run `node scripts/make-spec-tables.ts`').toBe(page);
});

test('a page without the markers of a part that it should hold is an error', () => {
  expect(() => fillPage('# A page\n', { things: () => 'x' })).toThrow("no markers for 'things'");
});

test('what stands between the markers is replaced, and nothing else', () => {
  const page = 'a\n<!-- t: written by scripts/make-spec-tables.ts -->\nold\n<!-- end of t -->\nb\n';
  const filled = 'a\n<!-- t: written by scripts/make-spec-tables.ts -->\n\nnew\n\n<!-- end of t -->\nb\n';
  expect(fillPage(page, { t: () => 'new' })).toBe(filled);
  expect(fillPage(filled, { t: () => 'new' })).toBe(filled);
});
