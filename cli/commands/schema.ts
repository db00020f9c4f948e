import type { Command } from 'commander';
import { eventDefinitions, type EventDefinition } from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .argument('[type]', 'name or code point, such as group.message or 0x0204')
    .summary('show the event types and their encoding')
    .description('Shows the built-in event types, or how the body of one is encoded (TLS presentation language).')
    .addHelpText('after', '\nExamples:\n  terachat schema\n  terachat schema group.message')
    .action((type: string | undefined, _options: unknown, command: Command) => {
      const output = commandOutput(command);
      const shown = type === undefined ? eventDefinitions : [findDefinition(type)];
      const value = shown.map((definition) => ({ ...describe(definition), schema: definition.schema }));
      output.result(value, type === undefined ? list(shown) : shown.map(({ schema }) => schema).join('\n\n'));
    });
}

function describe({ type, name, ordering }: EventDefinition<unknown>) {
  return { type: codePoint(type), name, ordering };
}

function list(definitions: readonly EventDefinition<unknown>[]): string {
  const rows = definitions.map(({ type, name, ordering }) => `  ${codePoint(type)}  ${name.padEnd(24)}  ${ordering}`);
  return `${rows.join('\n')}\n\nApplications define their own from 0x8000 on. terachat schema NAME shows one in full.`;
}

function findDefinition(text: string): EventDefinition<unknown> {
  const found = eventDefinitions.find(({ type, name }) => name === text || codePoint(type) === text.toLowerCase());
  if (found !== undefined) return found;
  throw new Failure(
    'usage',
    'unknown-event-type',
    `There is no built-in event type '${text}'.`,
    'terachat schema lists them.',
  );
}

function codePoint(type: number): string {
  return `0x${type.toString(16).padStart(4, '0')}`;
}
