import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { anchorsOf, type Page } from './markdown.ts';

/** Names every relative link whose file or heading is not there. Links to other hosts are not followed. */
export function brokenLinks(root: string, pages: readonly Page[]): string[] {
  const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page)]));
  return pages.flatMap((page) =>
    linksOf(page).flatMap(({ target, line }) => {
      const fault = faultOf(root, page, target, anchors);
      return fault === undefined ? [] : [`${page.path}:${line}: ${fault}`];
    }),
  );
}

function linksOf(page: Page): { target: string; line: number }[] {
  return page.prose.flatMap((text, index) => {
    const plain = text.replace(/`[^`]*`/g, '');
    const inline = [...plain.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)];
    const reference = [...plain.matchAll(/^ {0,3}\[[^\]]+\]: +<?([^\s>]+)>?/g)];
    return [...inline, ...reference].map((match) => ({ target: match[1] ?? '', line: index + 1 }));
  });
}

function faultOf(
  root: string,
  page: Page,
  target: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  if (target.startsWith('/')) return `${target} is absolute: link relative to the page`;
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), decodeURIComponent(file));
  if (path.startsWith('..')) return `${target} leaves the project`;
  if (!existsSync(`${root}/${path}`)) return `${target} does not exist`;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  return anchors.get(path)?.has(anchor) === true ? undefined : `${path} has no heading #${anchor}`;
}
