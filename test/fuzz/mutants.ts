import fc from 'fast-check';
import { MEDIA_TYPE } from '../../core/index.ts';
import type { RelayCaller } from '../support/relay-caller.ts';
import { applyEdits, edits, oddText, type Edit } from './mutations.ts';
import type { FrameSeed, RequestSeed } from './seeds.ts';

/** How a genuine request is spoiled; numbers choose among what there is. */
export type Spoiling =
  | { readonly kind: 'body'; readonly edits: readonly Edit[]; readonly isSigned: boolean }
  | { readonly kind: 'event'; readonly edits: readonly Edit[] }
  | { readonly kind: 'path'; readonly at: number; readonly text: string }
  | { readonly kind: 'query'; readonly name: string; readonly text: string; readonly keepsOthers: boolean }
  | { readonly kind: 'header'; readonly name: string; readonly text: string }
  | { readonly kind: 'signature'; readonly name: string; readonly edits: readonly Edit[] }
  | { readonly kind: 'method'; readonly method: string };

export interface RequestMutant {
  readonly seed: number;
  readonly spoilings: readonly Spoiling[];
}

export interface FrameMutant {
  readonly seed: number;
  readonly isOpened: boolean;
  readonly edits: readonly Edit[];
}

const HEADERS = [
  'accept',
  'content-type',
  'content-digest',
  'origin',
  'range',
  'if-none-match',
  'cookie',
  'x-forwarded-for',
];
const SIGNATURES = ['signature', 'signature-input', 'content-digest'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
const QUERIES = ['from', 'limit', 'form', '', 'from[]', 'ticket'];

const spoiling: fc.Arbitrary<Spoiling> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('body'), edits, isSigned: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('event'), edits }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('path'), at: fc.nat(8), text: oddText }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('query'),
      name: fc.constantFrom(...QUERIES),
      text: oddText,
      keepsOthers: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('header'), name: fc.constantFrom(...HEADERS), text: oddText }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signature'), name: fc.constantFrom(...SIGNATURES), edits }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('method'), method: fc.constantFrom(...METHODS) }) },
);

export const requestMutants: fc.Arbitrary<RequestMutant> = fc.record({
  seed: fc.nat(10_000),
  spoilings: fc.array(spoiling, { minLength: 1, maxLength: 2 }),
});

export const frameMutants: fc.Arbitrary<FrameMutant> = fc.record({
  seed: fc.nat(10_000),
  isOpened: fc.boolean(),
  edits,
});

/** What goes out, and of which seed it was made. */
export interface Shot {
  readonly seed: RequestSeed;
  readonly request: Request;
}

export function shotOf(
  caller: RelayCaller,
  seeds: readonly RequestSeed[],
  { seed: number, spoilings }: RequestMutant,
): Shot {
  // Events twice: behind them is most of what there is to break.
  const weighted = [...seeds, ...seeds.filter(({ withEvent }) => withEvent !== undefined)];
  const seed = weighted[number % weighted.length] as RequestSeed;
  const donors = seeds.flatMap(({ body }) => body ?? []);
  const call = spoilings.reduce((spoilt, one) => spoilCall(spoilt, one, { seed, donors }), callOf(seed));
  const request = signed(caller, seed, call);
  return { seed, request: spoilings.reduce((spoilt, one) => spoilRequest(spoilt, one, donors), request) };
}

export function frameOf(seeds: readonly FrameSeed[], { seed: number, edits: changes }: FrameMutant) {
  const seed = seeds[number % seeds.length] as FrameSeed;
  return {
    seed,
    frame: applyEdits(
      seed.frame,
      changes,
      seeds.map(({ frame }) => frame),
    ),
  };
}

interface SpoiltCall {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array | undefined;
}

function callOf({ route, path, body }: RequestSeed): SpoiltCall {
  return { method: (route.split(' ')[0] as string).toUpperCase(), path, body };
}

/** What a caller with a program of its own could send and sign. */
function spoilCall(
  call: SpoiltCall,
  how: Spoiling,
  { seed, donors }: { readonly seed: RequestSeed; readonly donors: readonly Uint8Array[] },
): SpoiltCall {
  switch (how.kind) {
    case 'event':
      return seed.withEvent === undefined
        ? spoilBytes(call, how.edits, donors)
        : { ...call, body: seed.withEvent((tbs) => applyEdits(tbs, how.edits, donors)) };
    case 'body':
      return how.isSigned ? spoilBytes(call, how.edits, donors) : call;
    case 'path': {
      const [path = '', query] = call.path.split('?');
      const segments = path.split('/');
      segments[1 + (how.at % segments.length)] = how.text;
      return { ...call, path: segments.join('/') + (query === undefined ? '' : `?${query}`) };
    }
    case 'query': {
      const [path = '', query = ''] = call.path.split('?');
      const added = `${how.name}=${encodeURIComponent(how.text.toWellFormed())}`;
      return { ...call, path: `${path}?${how.keepsOthers && query !== '' ? `${query}&` : ''}${added}` };
    }
    case 'method':
      return { ...call, method: how.method };
    default:
      return call;
  }
}

/** The body, or the path where there is none. */
function spoilBytes(call: SpoiltCall, changes: readonly Edit[], donors: readonly Uint8Array[]): SpoiltCall {
  if (call.body !== undefined) return { ...call, body: applyEdits(call.body, changes, donors) };
  const path = applyEdits(new TextEncoder().encode(call.path.slice(1)), changes);
  return { ...call, path: `/${new TextDecoder('latin1').decode(path)}` };
}

function signed(caller: RelayCaller, { signer }: RequestSeed, { method, path, body }: SpoiltCall): Request {
  const takesBody = method !== 'GET' && method !== 'HEAD';
  // Set and not parsed: whatever the text is, it stays a path and a query of this relay.
  const url = new URL(caller.url);
  const [pathname = '', ...query] = path.split('?');
  url.pathname = pathname;
  url.search = query.join('?');
  const call = { method, path: url.pathname + url.search, ...(takesBody && body !== undefined && { body }) };
  return signer === undefined ? caller.request(call) : caller.signed(signer, call);
}

/** What somebody on the way could change. */
function spoilRequest(request: Request, how: Spoiling, donors: readonly Uint8Array[]): Request {
  switch (how.kind) {
    case 'header':
      return withHeader(request, how.name, how.text);
    case 'signature': {
      const held = new TextEncoder().encode(request.headers.get(how.name) ?? '');
      return withHeader(request, how.name, new TextDecoder('latin1').decode(applyEdits(held, how.edits)));
    }
    case 'body':
      return how.isSigned ? request : withBody(request, how.edits, donors);
    default:
      return request;
  }
}

/** Bytes that no header can carry stay away: the sender's own platform would refuse them. */
function withHeader(request: Request, name: string, value: string): Request {
  const headers = new Headers(request.headers);
  headers.set(name, value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''));
  return new Request(request, { headers });
}

/** Another body under what was signed. Its length stays that of a body, so nothing waits for more of it. */
function withBody(request: Request, changes: readonly Edit[], donors: readonly Uint8Array[]): Request {
  if (request.method === 'GET' || request.method === 'HEAD') return request;
  const donor = donors[changes.length % donors.length] ?? new Uint8Array();
  const headers = new Headers(request.headers);
  headers.set('content-type', MEDIA_TYPE);
  const body = applyEdits(donor, changes, donors) as Uint8Array<ArrayBuffer>;
  return new Request(request.url, { method: request.method, headers, body });
}
