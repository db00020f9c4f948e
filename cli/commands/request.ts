import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { bytesToUtf8, MEDIA_TYPE, toBase64, type Json } from '../../core/index.ts';
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
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (output.isJson) output.result(viewAnswer(response, bytes), '');
  else process.stdout.write(bytes);
}

/** One document whatever was answered: `body` is JSON as it is, text as a string, and anything else as base64. */
function viewAnswer({ status, headers }: Response, bytes: Uint8Array): Json {
  const type = headers.get('content-type') ?? '';
  const text = bytesToUtf8(bytes);
  if (text === undefined || type.startsWith(MEDIA_TYPE)) return { status, type, body: toBase64(bytes) };
  return { status, type, body: /^application\/([\w.-]+\+)?json\b/.test(type) ? (JSON.parse(text) as Json) : text };
}
