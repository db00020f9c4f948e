/** One command of a shell line, as the words that its program gets. */
export type ShellCommand = readonly string[];

const wordsAndSeparators = /'([^']*)'|"([^"]*)"|(\|\||&&|[|;&>]|#.*)|([^\s'"|;&>]+)/g;

/**
 * The commands of a line, without what is redirected and what is a comment. Knows quotes and separators and nothing else of
 * the shell: a page that needs more is hard to read as well.
 */
export function commandsOf(line: string): ShellCommand[] {
  const commands: string[][] = [[]];
  for (const [, single, double, separator, bare] of line.matchAll(wordsAndSeparators)) {
    if (separator?.startsWith('#') === true || separator === '>') break;
    if (separator !== undefined) commands.push([]);
    else commands.at(-1)?.push(single ?? double ?? bare ?? '');
  }
  return commands.filter((words) => words.length > 0);
}

/** The words after `terachat`, however it is called; undefined where something else is. */
export function terachatArguments([program, ...words]: ShellCommand): readonly string[] | undefined {
  if (program === 'terachat') return words;
  if (program === 'npx') {
    const at = words.indexOf('terachat');
    return at === -1 ? undefined : words.slice(at + 1);
  }
  if (program !== 'npm' || npmScript(['npm', ...words]) !== 'terachat') return undefined;
  const at = words.indexOf('--');
  return at === -1 ? [] : words.slice(at + 1);
}

/** The script of package.json that a command runs. */
export function npmScript([program, verb, ...words]: ShellCommand): string | undefined {
  if (program !== 'npm') return undefined;
  if (verb === 'start' || verb === 'test') return verb;
  return verb === 'run' ? words.find((word) => !word.startsWith('-')) : undefined;
}
