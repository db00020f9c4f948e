import { existsSync, readFileSync } from 'node:fs';
import { createProgram } from '../../cli/cli.ts';
import { fileOf, type Page } from './markdown.ts';
import { commandsOf, npmScript, terachatArguments, type ShellCommand } from './shell.ts';
import { callFault } from './terachat.ts';

interface Told {
  readonly text: string;
  readonly line: number;
  /** In prose a command may be named without its arguments. */
  readonly isWhole: boolean;
}

/** What a command may name: what is in the clone, and what its page tells to write. */
interface Surroundings {
  readonly scripts: ReadonlySet<string>;
  readonly hasFile: (path: string) => boolean;
}

/**
 * Names every command that a page tells its reader to run and that isn't there: scripts of package.json, commands, options
 * and arguments of terachat, programs of npx, files for node.
 */
export function missingCommands(root: string, pages: readonly Page[]): string[] {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };
  return pages.flatMap((page) => {
    const written = new Set(page.fences.flatMap(({ info }) => fileOf(info) ?? []));
    const surroundings: Surroundings = {
      scripts: new Set(Object.keys(scripts)),
      hasFile: (path) => written.has(path) || existsSync(`${root}/${path}`),
    };
    return toldBy(page).flatMap(({ text, line, isWhole }) =>
      commandsOf(text)
        .flatMap((command) => commandFault(command, surroundings, isWhole) ?? [])
        .map((fault) => `${page.path}:${line}: ${fault}`),
    );
  });
}

function commandFault(command: ShellCommand, { scripts, hasFile }: Surroundings, isWhole: boolean): string | undefined {
  const script = npmScript(command);
  if (script !== undefined && !scripts.has(script)) return `package.json has no script "${script}"`;
  const call = terachatArguments(command);
  if (call !== undefined) return callFault(createProgram(false), isWhole ? call : [...call, '…']);
  const [program, ...words] = command;
  const name = words.find((word) => !word.startsWith('-'));
  if (name === undefined) return undefined;
  if (program === 'npx' && !hasFile(`node_modules/.bin/${name}`)) return `npx finds no ${name}`;
  return program === 'node' && !hasFile(name) ? `there is no ${name} to run` : undefined;
}

/** Lines of shell code, and code in sentences. */
function toldBy({ prose, fences }: Page): Told[] {
  const inProse = prose.flatMap((text, index) =>
    [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ text: code, line: index + 1, isWhole: false })),
  );
  const inBlocks = fences
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text, line }) =>
      text.split('\n').map((part, index) => ({ text: part, line: line + index, isWhole: true })),
    );
  return [...inProse, ...inBlocks];
}
