import type { Page } from './markdown.ts';

/**
 * What blocks are written in. TypeScript and JavaScript are compiled, commands looked up, JSON is parsed. `text` is what
 * something prints, `toml` and `yaml` are parts of configurations, and a block without a language is a drawing.
 */
const languages: ReadonlySet<string> = new Set(['ts', 'js', 'sh', 'json', 'text', 'toml', 'yaml', '']);

/** Names each block in a language that nothing checks, and JSON that is none: code by another name would go unchecked. */
export function languageFaults(_root: string, pages: readonly Page[]): string[] {
  return pages.flatMap(({ path, fences }) =>
    fences.flatMap(({ language, text, line }) => {
      if (!languages.has(language)) return [`${path}:${line - 1}: no block is written in "${language}"`];
      const fault = language === 'json' ? jsonFault(text) : undefined;
      return fault === undefined ? [] : [`${path}:${line}: ${fault}`];
    }),
  );
}

/** One document, or one a line, as programs print them. */
function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (whole) {
    try {
      for (const line of text.split('\n')) JSON.parse(line);
      return undefined;
    } catch {
      return whole instanceof Error ? whole.message : String(whole);
    }
  }
}
