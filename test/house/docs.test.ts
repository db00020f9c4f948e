import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingCommands } from '../../scripts/docs/commands.ts';
import { languageFaults } from '../../scripts/docs/languages.ts';
import { brokenLinks } from '../../scripts/docs/links.ts';
import { anchorsOf, parsePage, readPages } from '../../scripts/docs/markdown.ts';
import { ruleFaults } from '../../scripts/docs/rules.ts';
import { snippetFaults } from '../../scripts/docs/snippets.ts';

const projectRoot = join(import.meta.dirname, '../..');
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'docs-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

describe('links', () => {
  test('a link to a missing file or heading is named with its line, and the others pass', async () => {
    await write(
      'README.md',
      '# A\n[1](docs/b.md#the-b-c) [2](docs/none.md)\n[3](docs/b.md#gone) [4](https://x.example/y)\n',
    );
    await write('docs/b.md', '# The `B`, c!\n[up](../README.md#a) [here](#nowhere)\n[r]: ../gone.md\n');
    expect(brokenLinks(root, readPages(root))).toEqual([
      'README.md:2: docs/none.md does not exist',
      'README.md:3: docs/b.md has no heading #gone',
      'docs/b.md:2: docs/b.md has no heading #nowhere',
      'docs/b.md:3: ../gone.md does not exist',
    ]);
  });

  test('code is not read as links', async () => {
    await write('README.md', '`[a](b.md)`\n```ts\nconst f = [g](h.md);\n```\n');
    expect(brokenLinks(root, readPages(root))).toEqual([]);
  });

  test('a repeated heading gets a numbered anchor', () => {
    expect([...anchorsOf(parsePage('a.md', '## Same\n## Same\n```\n## Not one\n```\n'))]).toEqual(['same', 'same-1']);
  });
});

describe('commands', () => {
  const scripts = { test: 'x', 'docs:check': 'y', terachat: 'z' };

  test('a script that package.json does not have is named', async () => {
    await write('package.json', JSON.stringify({ scripts }));
    await write(
      'README.md',
      'Run `npm run -s gone -- a`, `npm run docs:check`\n```sh\nnpm ci && npm test\nnpm start\n```\n',
    );
    expect(missingCommands(root, readPages(root))).toEqual([
      'README.md:1: package.json has no script "gone"',
      'README.md:4: package.json has no script "start"',
    ]);
  });

  test('a command, option, value or argument that terachat does not take is named, however it is called', async () => {
    await write('package.json', JSON.stringify({ scripts }));
    const commands = [
      'terachat group invite friends bob --role admin --profile alice --json',
      'date | terachat send friends - # as a pipe',
      'npm run -s terachat -- read friends --follow && terachat schema',
      'terachat group invent friends',
      'npx -p terachat-relay terachat send friends "two words" more',
      'npm run -s terachat -- group invite friends bob --role king',
      'terachat read friends --backwards',
      'terachat group create',
    ];
    await write('README.md', ['```sh', ...commands, '```'].join('\n'));
    expect(missingCommands(root, readPages(root))).toEqual([
      'README.md:5: terachat group has no command invent',
      'README.md:6: terachat send takes no more',
      "README.md:7: --role can't be king",
      'README.md:8: terachat read has no option --backwards',
      'README.md:9: terachat group create needs name',
    ]);
  });

  test('in a sentence a command may stand without its arguments, and must be there all the same', async () => {
    await write('package.json', JSON.stringify({ scripts }));
    await write('README.md', 'Use `terachat group create`, `terachat audit --file`, `terachat` or `terachat grope`.\n');
    expect(missingCommands(root, readPages(root))).toEqual(['README.md:1: terachat has no command grope']);
  });

  test('a file for node is in the clone or one that the page tells to write, and a program of npx is installed', async () => {
    await write('package.json', JSON.stringify({ scripts }));
    await write('there.mjs', '');
    const lines = ['node there.mjs', 'node app/told.mjs alice', 'node gone.mjs', 'npx nothing --help'];
    await write('README.md', ['```js file=app/told.mjs', '```', '```sh', ...lines, '```'].join('\n'));
    expect(missingCommands(root, readPages(root))).toEqual([
      'README.md:6: there is no gone.mjs to run',
      'README.md:7: npx finds no nothing',
    ]);
  });
});

describe('blocks', () => {
  test('a language that nothing checks and JSON that does not parse are named', () => {
    const page = parsePage(
      'docs/x.md',
      '```typescript\n```\n```json\n{"a": 1}\n{"b": 2}\n```\n```json\n{"a": 1,}\n```\n```text\n{a\n```\n',
    );
    expect(languageFaults(projectRoot, [page])).toEqual([
      'docs/x.md:1: no block is written in "typescript"',
      expect.stringMatching(/^docs\/x\.md:8: .*JSON/),
    ]);
  });
});

describe('rules', () => {
  /** Written apart, since the check reads this file too. */
  const named = (...rules: string[]): string => rules.map((rule) => `test('[${rule}] holds', f);`).join('\n');
  const spec = '# Spec\n- **AB1** one\n| AB2 | two |\n**AB3** three\nAB1 in prose.\n';

  test('a spec whose rules all have a test passes', async () => {
    await write('docs/spec/a.md', spec);
    await write('test/a.test.ts', named('AB1', 'AB2, AB3'));
    expect(ruleFaults(root, readPages(root))).toEqual([]);
  });

  test('a rule without a test, a second definition and citations of no rule are named', async () => {
    await write('docs/spec/a.md', `${spec}**AB1** again\n`);
    await write('test/a.test.ts', named('AB1', 'AB2', 'ZZ9'));
    await write('core/a.ts', '// refuses what `YY8` refuses\n');
    await write('docs/guides/a.md', 'So it is by `XX7`.\n');
    expect(ruleFaults(root, readPages(root))).toEqual([
      'docs/spec/a.md:6: AB1 is already defined at docs/spec/a.md:2',
      'test/a.test.ts:3: there is no rule ZZ9 in docs/spec',
      'core/a.ts:1: there is no rule YY8 in docs/spec',
      'docs/guides/a.md:1: there is no rule XX7 in docs/spec',
      'docs/spec/a.md:4: no test is named for AB3',
    ]);
  });
});

describe('code', () => {
  const badTypes =
    'Text\n```ts\nconst a = 1;\nconst b: string = a;\n```\n```text\nnot code\n```\n```js\nMath.flour(1);\n```\n';
  const badImports =
    "```js file=app/one.mjs\nimport { ok } from 'terachat-relay/core';\nexport const one = ok(1).value;\n```\n" +
    "```js file=app/two.mjs\nimport { one } from './one.mjs';\none.toFixed();\none.trim();\n```\n" +
    "```ts\nimport { three } from './app/three.mjs';\nthree();\n```\n";

  test('every block is compiled with the package under its published name and the files that its page tells to write', () => {
    const pages = [parsePage('docs/types.md', badTypes), parsePage('docs/imports.md', badImports)];
    expect(snippetFaults(projectRoot, pages).sort()).toEqual([
      expect.stringMatching(/^docs\/imports\.md:11: Cannot find module/),
      "docs/imports.md:8: Property 'trim' does not exist on type 'number'.",
      expect.stringMatching(/^docs\/types\.md:10: Property 'flour' does not exist/),
      "docs/types.md:4: Type 'number' is not assignable to type 'string'.",
    ]);
  });
});

/** `npm run docs:check` compiles their code too, which takes ten times as long. */
test('the pages of this project hold: links, languages, commands, rules', () => {
  const pages = readPages(projectRoot);
  expect(pages.length).toBeGreaterThan(20);
  const checks = [brokenLinks, languageFaults, missingCommands, ruleFaults];
  expect(checks.flatMap((check) => check(projectRoot, pages))).toEqual([]);
});
