import { missingCommands } from './commands.ts';
import { languageFaults } from './languages.ts';
import { brokenLinks } from './links.ts';
import type { Page } from './markdown.ts';
import { ruleFaults } from './rules.ts';
import { snippetFaults } from './snippets.ts';

const checks = [brokenLinks, languageFaults, missingCommands, ruleFaults, snippetFaults];

/** Everything that is wrong with these pages, a line each with its place. */
export function faultsOf(root: string, pages: readonly Page[]): string[] {
  return checks.flatMap((check) => check(root, pages));
}
