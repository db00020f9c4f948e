import { globSync, readFileSync } from 'node:fs';
import type { Page } from './markdown.ts';

/** A rule's line in docs/spec opens with its ID: in bold, after a bullet or not, or in the first cell of a table. */
const ruleLine = /^(?:(?:[-*] )?\*\*|\| *(?:\*\*|`)?)([A-Z]{2}\d+)(?![A-Za-z0-9-])/;
const namedByTest = /\[([A-Z]{2}\d+(?:, ?[A-Z]{2}\d+)*)\]/g;
const cited = /`([A-Z]{2}\d+)`/g;

const tests = 'test/**/*.ts';
const citing = '{{core,relay,durable-objects,storage,workers,sdk,cli}/**/*.ts,docs/**/*.md}';

/** Names each rule that is written twice, has no test, or is named by a test, comment or page without existing. */
export function ruleFaults(root: string, pages: readonly Page[]): string[] {
  const { defined, faults } = definedRules(pages);
  const tested = citations(root, tests, namedByTest);
  for (const [rule, where] of [...tested, ...citations(root, citing, cited)]) {
    if (!defined.has(rule)) faults.push(`${where}: there is no rule ${rule} in docs/spec`);
  }
  for (const [rule, where] of defined) {
    if (!tested.has(rule)) faults.push(`${where}: no test is named for ${rule}`);
  }
  return faults;
}

function definedRules(pages: readonly Page[]): { defined: Map<string, string>; faults: string[] } {
  const defined = new Map<string, string>();
  const faults: string[] = [];
  for (const page of pages.filter(({ path }) => path.startsWith('docs/spec/'))) {
    for (const [index, line] of page.prose.entries()) {
      const rule = ruleLine.exec(line)?.[1];
      if (rule === undefined) continue;
      const where = `${page.path}:${index + 1}`;
      const first = defined.get(rule);
      if (first !== undefined) faults.push(`${where}: ${rule} is already defined at ${first}`);
      else defined.set(rule, where);
    }
  }
  return { defined, faults };
}

/** Each ID that the pattern finds in these files, with the first place that holds it. */
function citations(root: string, files: string, pattern: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of globSync(files, { cwd: root }).sort()) {
    for (const [index, line] of readFileSync(`${root}/${path}`, 'utf8').split('\n').entries()) {
      for (const [, ids = ''] of line.matchAll(pattern)) {
        for (const id of ids.split(/, ?/)) if (!found.has(id)) found.set(id, `${path}:${index + 1}`);
      }
    }
  }
  return found;
}
