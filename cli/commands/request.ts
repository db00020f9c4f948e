import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { problemFailure } from '../chain-download.ts';
import { asPerson, type Person } from '../person.ts';

interface RequestOptions {
  readonly data?: string;
  readonly accept: string;
}

export function addRequest(program: Command): void {
  program
    .command('request')
    .argument('<method>', 'GET, POST or PUT')
    .argument('<path>', 'path and query at the relay')
    .option('--data <file>', 'bytes to send as the body')
    .option('--accept <type>', 'media type to ask for', 'application/json')
    .summary('sign a request as this identity, send it, print the answer')
    .addHelpText(
      'after',
      "\nExamples:\n  terachat request GET /v1/relay\n  terachat request GET '/v1/chains/ID/entries?from=0&limit=10'",
    )
    .action(asPerson(request));
}

async function request(
  { session, signal, output }: Person,
  args: readonly string[],
  { data, accept }: RequestOptions,
): Promise<void> {
  const [method, path] = args as [string, string];
  const body = data === undefined ? {} : { body: new Uint8Array(await readFile(data)) };
  const response = await session.request(method.toUpperCase(), path, { ...body, accept, signal });
  output.note(`${response.status} ${response.headers.get('content-type') ?? ''}`);
  if (!response.ok) throw await problemFailure(response);
  process.stdout.write(new Uint8Array(await response.arrayBuffer()));
}
