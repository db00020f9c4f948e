import type { Command, Option } from 'commander';

/** What is wrong with a call of `terachat`: a command, option or value that it does not have, or arguments too few or many. */
export function callFault(program: Command, words: readonly string[]): string | undefined {
  let command = program;
  let rest = words;
  const given: string[] = [];
  while (rest[0] !== undefined) {
    const [word, ...others] = rest;
    rest = others;
    if (word === '…') return undefined;
    if (word.startsWith('-') && word !== '-') {
      const option = findOption(command, word);
      if (option === undefined) return isHelp(word) ? undefined : `${nameOf(command)} has no option ${word}`;
      if (!option.required && !option.optional) continue;
      const [value] = rest;
      if (value === undefined) return `${word} needs a value`;
      if (option.argChoices?.includes(value) === false) return `${word} can't be ${value}`;
      rest = rest.slice(1);
      continue;
    }
    const inner = given.length === 0 ? command.commands.find((candidate) => candidate.name() === word) : undefined;
    if (inner !== undefined) command = inner;
    else if (command.commands.length > 0) return `${nameOf(command)} has no command ${word}`;
    else given.push(word);
  }
  return argumentFault(command, given);
}

function argumentFault(command: Command, given: readonly string[]): string | undefined {
  const declared = command.registeredArguments;
  if (given.length > declared.length && declared.at(-1)?.variadic !== true) {
    return `${nameOf(command)} takes no ${given[declared.length] ?? ''}`;
  }
  const missing = declared[given.length];
  return missing?.required === true ? `${nameOf(command)} needs ${missing.name()}` : undefined;
}

function findOption(command: Command, word: string): Option | undefined {
  const own = command.options.find(({ long, short }) => long === word || short === word);
  return own ?? (command.parent === null ? undefined : findOption(command.parent, word));
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
