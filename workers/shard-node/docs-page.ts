import { problems, type ProblemCode } from '../../core/index.ts';
import { PAGE_HEADERS, responseHeaders } from '../http/response-headers.ts';

/** What this node may answer besides a success. */
export const SHARD_NODE_PROBLEMS = [
  'body-too-large',
  'digest-mismatch',
  'expiry-out-of-range',
  'internal',
  'malformed-request',
  'no-such-object',
  'node-not-configured',
  'nonce-replayed',
  'not-found',
  'object-damaged',
  'quota-full',
  'range-not-satisfiable',
  'relay-not-listed',
  'signature-expired',
  'signature-invalid',
  'signature-required',
  'unavailable',
  'unsupported-media-type',
] as const satisfies readonly ProblemCode[];

/** Where the `type` of a problem leads: each code is an anchor (`HT10`). All of it is this program's own text. */
export function docsResponse(): Response {
  const rows = SHARD_NODE_PROBLEMS.map((code) => {
    const { status, title } = problems[code];
    return `<dt id="${code}">${code} (${status})</dt><dd>${title}</dd>`;
  });
  const page = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>TeraChat shard node</title>
<h1>TeraChat shard node</h1>
<p>Keeps objects for the relays that its operator lists. They write, read, list and delete under /v1/shards by signed
requests; /v1/account says how much of their room is used. What it answers when it does not:</p>
<dl>${rows.join('\n')}</dl></html>
`;
  return new Response(page, { headers: responseHeaders('text/html; charset=utf-8', PAGE_HEADERS) });
}
