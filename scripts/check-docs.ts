/** `npm run docs:check`: links resolve, commands exist, code compiles, rules and tests name each other. */
import { missingCommands } from './docs/commands.ts';
import { languageFaults } from './docs/languages.ts';
import { brokenLinks } from './docs/links.ts';
import { readPages } from './docs/markdown.ts';
import { ruleFaults } from './docs/rules.ts';
import { snippetFaults } from './docs/snippets.ts';

const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '');
const pages = readPages(root);
const faults = [brokenLinks, languageFaults, missingCommands, ruleFaults, snippetFaults].flatMap((check) =>
  check(root, pages),
);

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
