import { readFileSync } from 'node:fs';
import type { Page } from './markdown.ts';

const named = /\bnpm (?:run (?:-s |--silent )?([a-z][a-z0-9:-]*)|(start|test)\b)/g;

/** Names every npm script that a page tells its reader to run and that package.json doesn't have. */
export function missingCommands(root: string, pages: readonly Page[]): string[] {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };
  return pages.flatMap((page) =>
    linesOf(page).flatMap(({ text, line }) =>
      [...text.matchAll(named)]
        .map(([, run, short]) => run ?? short ?? '')
        .filter((script) => !(script in scripts))
        .map((script) => `${page.path}:${line}: package.json has no script "${script}"`),
    ),
  );
}

function linesOf({ prose, fences }: Page): { text: string; line: number }[] {
  const texts = [{ text: prose.join('\n'), line: 1 }, ...fences];
  return texts.flatMap(({ text, line }) => text.split('\n').map((part, index) => ({ text: part, line: line + index })));
}
