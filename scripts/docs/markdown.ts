import { globSync, readFileSync } from 'node:fs';

export interface Fence {
  /** What follows the opening backticks, such as `js file=chat.mjs`. */
  readonly info: string;
  /** The first word of it. */
  readonly language: string;
  readonly text: string;
  /** 1-based line of the first line of `text`. */
  readonly line: number;
}

export interface Page {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  /** The page's lines with fenced code blanked, so that line numbers stay. */
  readonly prose: readonly string[];
  readonly fences: readonly Fence[];
}

/** Every Markdown page of the project. */
export function readPages(root: string): Page[] {
  return globSync(['*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: root })
    .sort()
    .map((path) => parsePage(path, readFileSync(`${root}/${path}`, 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const prose: string[] = [];
  const fences: Fence[] = [];
  let open: OpenFence | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (open === undefined) {
      open = openFence(line, index);
      prose.push(open === undefined ? line : '');
      continue;
    }
    prose.push('');
    if (line.trim() !== open.mark) {
      open.body.push(line);
      continue;
    }
    const { info, line: start } = open;
    fences.push({ info, language: info.split(' ')[0] ?? '', text: open.body.join('\n'), line: start });
    open = undefined;
  }
  return { path, prose, fences };
}

interface OpenFence {
  readonly mark: string;
  readonly info: string;
  readonly line: number;
  readonly body: string[];
}

function openFence(line: string, index: number): OpenFence | undefined {
  const [, mark, info = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  return mark === undefined ? undefined : { mark, info: info.trim(), line: index + 2, body: [] };
}

/** The file that a block's reader is to write it to: `js file=first-app/chat.mjs`. */
export function fileOf(info: string): string | undefined {
  return / file=(\S+)/.exec(info)?.[1];
}

/** The ids that a page's headings get where it is rendered: GitHub's rule, repeated headings numbered from 1. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  for (const line of page.prose) {
    for (const [, id] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id ?? '');
    const heading = /^#{1,6} +(.*?) *#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy++) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replace(/ /g, '-');
}
