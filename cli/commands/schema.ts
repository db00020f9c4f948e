import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import {
  eventDefinitions,
  exampleValue,
  explainEncoding,
  toHex,
  viewSchemaOf,
  type EventDefinition,
  type ExplainedBytes,
} from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';

type Definition = EventDefinition<unknown>;

interface SchemaOptions {
  readonly module?: string;
}

export function addSchema(program: Command): void {
  program
    .command('schema')
    .argument('[type]', 'name or code point, such as group.message or 0x0204')
    .option('--module <file>', 'also those that this JavaScript module exports; it is run')
    .summary('show the event types and their encoding')
    .description(
      'Shows the event types, or one in full: its body in TLS presentation language, the JSON Schema of its readable form, ' +
        'and an example with what each byte says.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  terachat schema\n  terachat schema group.message\n' +
        '  terachat schema todo.item-added --module events/todo.mjs',
    )
    .action(async (type: string | undefined, options: SchemaOptions, command: Command) => {
      const output = commandOutput(command);
      const own = options.module === undefined ? [] : await definitionsIn(options.module);
      const known = [...eventDefinitions, ...own];
      const shown = type === undefined ? known : [findDefinition(known, type)];
      const text = type === undefined ? list(known) : shown.map(inFull).join('\n\n');
      output.result(shown.map(asDocument), text);
    });
}

/** Whatever a module exports that `defineEvent` made. */
async function definitionsIn(file: string): Promise<readonly Definition[]> {
  const path = resolve(file);
  const exported = await importModule(path);
  const found = Object.values(exported).filter(isDefinition);
  if (found.length > 0) return found;
  throw new Failure('usage', 'no-event-types', `${file} exports nothing that defineEvent made.`);
}

async function importModule(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('usage', 'module-unusable', `${path} can't be run: ${reason}`);
  }
}

function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && 'type' in value && 'encodeBody' in value && 'body' in value;
}

/** The example is made up: its hashes are of nothing, and its keys are nobody's. */
function exampleOf(definition: Definition) {
  const { body } = definition;
  const value = exampleValue(body.notation);
  const bytes = definition.encodeBody(value);
  return { view: definition.view(value), bytes: toHex(bytes), explained: explainEncoding(body.notation, bytes) };
}

function asDocument(definition: Definition) {
  const { view, bytes, explained } = exampleOf(definition);
  const layout = explained.map(({ offset, bytes, path, meaning }) => ({ offset, bytes: toHex(bytes), path, meaning }));
  const { type, name, ordering, schema, body } = definition;
  const jsonSchema = viewSchemaOf(body.notation) as { readonly type: string };
  return { type: codePoint(type), name, ordering, schema, jsonSchema, example: { view, bytes, layout } };
}

function inFull(definition: Definition): string {
  const { view, explained } = exampleOf(definition);
  return [
    definition.schema,
    `/* the readable form of the body, as JSON Schema */\n${JSON.stringify(viewSchemaOf(definition.body.notation), undefined, 2)}`,
    `/* an example of it */\n${JSON.stringify(view, undefined, 2)}`,
    `/* its bytes */\n${explained.flatMap(layoutLines).join('\n')}`,
  ].join('\n\n');
}

const BYTES_A_LINE = 8;

/** A line for the first bytes with what they say, and one for each eight that follow. */
function layoutLines({ offset, bytes, path, meaning }: ExplainedBytes): readonly string[] {
  const rows = Math.max(1, Math.ceil(bytes.length / BYTES_A_LINE));
  return Array.from({ length: rows }, (_, row) => {
    const at = row * BYTES_A_LINE;
    const hex = toHex(bytes.subarray(at, at + BYTES_A_LINE)).padEnd(2 * BYTES_A_LINE);
    const said = row === 0 ? `  ${path === '' ? '' : `${path}: `}${meaning}` : '';
    return `  ${String(offset + at).padStart(5)}  ${hex}${said}`.trimEnd();
  });
}

function list(definitions: readonly Definition[]): string {
  const rows = definitions.map(({ type, name, ordering }) => `  ${codePoint(type)}  ${name.padEnd(28)}  ${ordering}`);
  return `${rows.join('\n')}\n\nApplications define their own from 0x8000 on. terachat schema NAME shows one in full.`;
}

function findDefinition(definitions: readonly Definition[], text: string): Definition {
  const found = definitions.find(({ type, name }) => name === text || codePoint(type) === text.toLowerCase());
  if (found !== undefined) return found;
  throw new Failure(
    'failed',
    'unknown-event-type',
    `There is no event type '${text}'.`,
    'terachat schema lists them; --module FILE adds those of an application.',
  );
}

function codePoint(type: number): string {
  return `0x${type.toString(16).padStart(4, '0')}`;
}
