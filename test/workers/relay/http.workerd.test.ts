import { env, exports } from 'cloudflare:workers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  fromBase64Url,
  MAX_APPEND_BYTES,
  MAX_PAGE_ENTRIES,
  MEDIA_TYPE,
  problems,
  publicKeyOf,
  toBase64,
  toBase64Url,
  sha256,
  utf8ToBytes,
  verifyOracle,
  type Problem,
  type ProblemCode,
  type RelayInfo,
} from '../../../core/index.ts';
import { bindingJob } from '../../../core/mls/index.ts';
import type { RelayEnvironment } from '../../../durable-objects/index.ts';
import { nodeKeySeed, relayActorSeed } from '../../../relay/index.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { createRelay } from '../../../workers/relay/app.ts';
import { problemResponse } from '../../../workers/relay/problem.ts';
import { problemOf } from './answers.ts';
import { ALICE, nameOf, RELAY_URL, signRequest } from './signed-request.ts';

const { default: worker } = exports as unknown as { readonly default: Fetcher };
const bindings = env as unknown as RelayEnvironment;
const NOW = 1_900_000_000_000;
// The first request of a file waits for the whole worker to be compiled.
const relay = createRelay({ clock: () => NOW });
const NOWHERE = 'A'.repeat(43);
const EVENTS = `/v1/chains/${NOWHERE}/events`;

async function call(
  path: string,
  init: RequestInit = {},
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  const request = new Request(`${RELAY_URL}${path}`, init);
  return await relay.fetch(request, { ...bindings, ...changes }, {} as ExecutionContext);
}

function post(body: BodyInit, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return { method: 'POST', body, headers: { 'content-type': MEDIA_TYPE, ...headers } };
}

function streamOf(chunk: Uint8Array, count: number): { stream: ReadableStream; pulled: () => number } {
  let pulled = 0;
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (pulled++ === count) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('Bodies', () => {
  test('[HT2] are refused by their announced size before anything is read', async () => {
    const { stream, pulled } = streamOf(new Uint8Array(1024), 4);
    const headers = { 'content-length': String(MAX_APPEND_BYTES + 1) };
    const problem = await problemOf(await call(EVENTS, post(stream, headers)));
    expect(problem).toMatchObject({ code: 'body-too-large', limitBytes: String(MAX_APPEND_BYTES) });
    expect(pulled()).toBe(0);
  });

  test('[HT2] without an announced size are read no further than the limit', async () => {
    const { stream, pulled } = streamOf(new Uint8Array(1_048_576), 64);
    expect(await problemOf(await call(EVENTS, post(stream)))).toMatchObject({ code: 'body-too-large' });
    expect(pulled()).toBeLessThanOrEqual(6);
  });

  test('[HT2] exactly at the limit are taken, in one piece or in many', async () => {
    const body = new Uint8Array(MAX_APPEND_BYTES);
    expect(await problemOf(await call(EVENTS, post(body)))).toMatchObject({ code: 'not-found' });
    const { stream } = streamOf(new Uint8Array(1_048_576), 4);
    expect(await problemOf(await call(EVENTS, post(stream)))).toMatchObject({ code: 'not-found' });
  });

  test('[HT2] are not read for a caller whose signature does not hold', async () => {
    const path = `/v1/devices/${nameOf(ALICE)}/key-packages`;
    const signed = signRequest({ method: 'PUT', path, body: Uint8Array.of(0) }, NOW, {
      sign: () => new Uint8Array(64),
    });
    const { stream, pulled } = streamOf(new Uint8Array(1024), 4);
    const response = await call(path, { method: 'PUT', headers: signed.headers, body: stream });
    expect(await problemOf(response)).toMatchObject({ code: 'signature-invalid' });
    expect(pulled()).toBe(0);
  });

  test.each(['application/json', 'text/plain', `${MEDIA_TYPE}x`, ''])('[HT3] of type %j are refused', async (type) => {
    const response = await call(EVENTS, post(new Uint8Array(1), { 'content-type': type }));
    expect(await problemOf(response)).toMatchObject({ code: 'unsupported-media-type' });
  });

  test('[HT3, WI1] of the binary type are taken, with parameters and in any case', async () => {
    for (const type of [MEDIA_TYPE, MEDIA_TYPE.toUpperCase(), `${MEDIA_TYPE}; v=1`]) {
      const response = await call(EVENTS, post(new Uint8Array(1), { 'content-type': type }));
      expect(await problemOf(response)).toMatchObject({ code: 'not-found' });
    }
  });
});

describe('Paths and queries', () => {
  const otherSpelling = `${'A'.repeat(42)}B`;
  test.each(['x', 'A'.repeat(42), 'A'.repeat(44), `${NOWHERE}=`, otherSpelling, `${'A'.repeat(42)}%2B`])(
    '[WI2] name a chain in the one spelling of 32 bytes, not as %s',
    async (name) => {
      for (const [path, init] of [
        [`/v1/chains/${name}/events`, post(new Uint8Array(1))],
        [`/v1/chains/${name}/entries`, {}],
        [`/v1/chains/${name}/log/vkey`, {}],
        [`/v1/chains/${name}/stream`, { headers: { upgrade: 'websocket' } }],
      ] as const) {
        expect(await problemOf(await call(path, init))).toMatchObject({
          code: 'malformed-request',
          parameter: 'chain',
        });
      }
    },
  );

  test.each(['-1', '01', '1.0', '1e3', '0x1', '', ' 1', '9007199254740992', '99999999999999999'])(
    '[WI3] hold numbers in decimal, not as %j',
    async (number) => {
      const from = await call(`/v1/chains/${NOWHERE}/entries?from=${encodeURIComponent(number)}`);
      expect(await problemOf(from)).toMatchObject({ code: 'malformed-request', parameter: 'from' });
    },
  );

  test('[WI3] take every index that the protocol has', async () => {
    for (const number of ['0', '7', '9007199254740991']) {
      const path = `/v1/chains/${NOWHERE}/log/proof/${number}`;
      expect(await problemOf(await call(path))).toMatchObject({ code: 'not-found' });
    }
  });

  test.each(['limit=0', `limit=${MAX_PAGE_ENTRIES + 1}`, 'limit=1&limit=2', 'form=3', 'from=1&page=2'])(
    '[HT6] refuse what the route does not take: %s',
    async (query) => {
      const problem = await problemOf(await call(`/v1/chains/${NOWHERE}/entries?${query}`));
      expect(problem).toMatchObject({ code: 'malformed-request' });
      expect(query).toContain(problem['parameter']);
    },
  );

  test.each(['/', '/v1', '/v1/chains', '/v1/nothing', `/v1/chains/${NOWHERE}`, '/v1/relay/', '/v2/relay'])(
    '[HT1] that no route has are not found: %s',
    async (path) => {
      expect(await problemOf(await call(path))).toMatchObject({ code: 'not-found', type: '/docs#not-found' });
    },
  );

  test('[HT1] ask for a WebSocket where there is nothing else', async () => {
    for (const path of [`/v1/chains/${NOWHERE}/stream`, `/v1/devices/${NOWHERE}/mailbox/stream`]) {
      const response = await call(path);
      expect(response.headers.get('upgrade')).toBe('websocket');
      expect(await problemOf(response)).toMatchObject({ code: 'upgrade-required' });
    }
  });
});

describe('The relay itself', () => {
  test('[HT1] says its name, key, version and time', async () => {
    const response = await call('/v1/relay');
    const { RELAY_NAME: name } = bindings;
    const checkpointKey = toBase64Url(publicKeyOf(new Uint8Array(32)));
    const proposer = publicKeyOf(relayActorSeed(new Uint8Array(32)));
    const info = await response.json<RelayInfo>();
    // `ML82`, for the suites with Ed25519 signatures.
    const jobs = Object.entries(info.proposer!.bindings).map(([suite, binding]) =>
      bindingJob({ actor: proposer, binding: fromBase64Url(binding)! }, Number(suite), proposer),
    );
    expect(jobs.map(verifyOracle)).toEqual([true, true, true]);
    expect(info).toEqual({
      name,
      version: manifest.version,
      checkpointKey,
      time: String(NOW),
      admission: 'open',
      proposer: { key: toBase64Url(proposer), bindings: info.proposer!.bindings },
      nodeKey: toBase64Url(publicKeyOf(nodeKeySeed(new Uint8Array(32)))),
      policies: { run: 'isolates', modules: [] },
    });
  });

  test('[HT1] is alive', async () => {
    const response = await worker.fetch(new Request(`${RELAY_URL}/healthz`));
    expect(await response.json()).toEqual({ status: 'ok', version: manifest.version });
  });

  test.each([undefined, '', 'A'.repeat(42), 'not a key'])(
    '[HT9] without a usable key (%j) is alive and nothing else',
    async (key) => {
      const changes = { RELAY_CHECKPOINT_KEY: key };
      expect((await call('/healthz', {}, changes)).status).toBe(200);
      for (const path of ['/v1/relay', '/docs', '/openapi.json', EVENTS, '/nowhere']) {
        const response = await call(path, {}, changes);
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await problemOf(response)).toMatchObject({ code: 'relay-not-configured', status: 503 });
      }
    },
  );

  test('[HT8] tells nothing of an exception but a number to quote, and logs it', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const path = `/v1/chains/${NOWHERE}/state`;
    const problem = await problemOf(await call(path, { headers: { cookie: 'secret' } }, { CHAIN: undefined }));
    expect(problem).toMatchObject({ code: 'internal', status: 500 });
    expect(Object.keys(problem).sort()).toEqual(['code', 'incident', 'status', 'title', 'type']);
    expect(log).toHaveBeenCalledOnce();
    const line = String(log.mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      incident: problem['incident'],
      method: 'GET',
      route: '/v1/chains/:chain/state',
      name: 'TypeError',
    });
    expect(line).not.toContain(NOWHERE);
    expect(line).not.toContain('secret');
  });
});

describe('An object that fails', () => {
  // Another class under the chains' binding: whatever it is asked, it throws on its side.
  const changes = { CHAIN: bindings.DEVICE };

  test('[HT8] leaves open whether a write was stored', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const response = await call(EVENTS, post(new Uint8Array(1)), changes);
    expect(await problemOf(response)).toMatchObject({ code: 'unavailable', status: 503 });
  });

  test('[HT8] has changed nothing by a read', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const response = await call(`/v1/chains/${NOWHERE}/state`, {}, changes);
    expect(await problemOf(response)).toMatchObject({ code: 'internal', status: 500 });
  });
});

describe('Problems', () => {
  test('[WI4] have the status and title of the table, and their details beside them', async () => {
    for (const [code, { status, title }] of Object.entries(problems)) {
      const problem = await problemOf(problemResponse({ code: code as ProblemCode, at: 7, key: Uint8Array.of(255) }));
      expect(problem).toEqual({ type: `/docs#${code}`, code, status, title, at: '7', key: '_w' });
    }
  });

  test('[WI5] of 503 and 429 say when to come back: when the refusal says, else a little later', async () => {
    for (const [code, { status }] of Object.entries(problems)) {
      const { headers } = problemResponse({ code: code as ProblemCode });
      expect(Number(headers.get('retry-after') ?? 0) > 0, code).toBe(status === 503 || status === 429);
    }
    const named = problemResponse({ code: 'unavailable', retryAfterMs: 2_500 });
    expect(named.headers.get('retry-after')).toBe('3');
  });
});

describe('Headers', () => {
  const paths = ['/v1/relay', '/docs', `/v1/chains/${NOWHERE}/state`, `/v1/chains/${NOWHERE}/log/vkey`, '/nowhere'];

  test.each(paths)('[HT4] keep browsers from sniffing, framing and running what comes from %s', async (path) => {
    const { headers } = await call(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe-inline');
    expect(headers.get('cache-control')).toBe(path === '/docs' ? 'public, max-age=300' : 'private, no-store');
    expect(headers.has('set-cookie')).toBe(false);
  });

  test.each(paths)('[HT5] let any origin read %s, without credentials', async (path) => {
    const { headers } = await call(path, { headers: { origin: 'https://app.example' } });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  test('[HT5] let a page read when to come back and what to sign', async () => {
    const busy = problemResponse({ code: 'unavailable' });
    const unsigned = await call(`/v1/devices/${NOWHERE}/mailbox`);
    for (const { headers } of [busy, unsigned]) {
      const exposed = headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual([
        'accept-signature',
        'content-range',
        'etag',
        'location',
        'repr-digest',
        'retry-after',
        'terachat-expires-at',
        'upload-offset',
      ]);
      expect(exposed?.some((name) => headers.has(name))).toBe(true);
    }
  });

  test('[HT4] keep what people open from telling others where they were', async () => {
    for (const path of ['/docs', '/v1/relay']) {
      const { headers } = await call(path);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=/);
    }
  });

  test('[HT5] allow what a signed request needs', async () => {
    const response = await call(EVENTS, { method: 'OPTIONS', headers: { origin: 'https://app.example' } });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const allowed = response.headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual([
      'accept',
      'content-digest',
      'content-type',
      'if-range',
      'range',
      'signature',
      'signature-input',
      'terachat-invitation',
    ]);
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD, PATCH, POST, PUT');
  });

  test('[HT1] are all that HEAD gets', async () => {
    const response = await call('/v1/relay', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('');
  });
});

interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: { readonly pattern?: string };
  }[];
  readonly requestBody?: unknown;
  readonly security?: readonly object[];
}

async function apiDocument(): Promise<ApiDocument> {
  return await (await call('/openapi.json')).json();
}

/** What routes can't do without in their query. */
function queryOf(verb: string, path: string): string {
  if (!path.endsWith('/blobs')) return '';
  const rest = { post: '&size=1', patch: '&offset=0' }[verb] ?? '';
  return `?hash=${NOWHERE}${rest}`;
}

async function operations(): Promise<[string, string, Operation][]> {
  const { paths } = await apiDocument();
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([verb, operation]): [string, string, Operation] => [verb, path, operation]),
  );
}

describe('The OpenAPI document', () => {
  test('[HT7] names every route of this relay', async () => {
    const named = (await operations()).map(([verb, path]) => `${verb} ${path}`);
    expect(named).toEqual([
      'post /v1/chains',
      'post /v1/chains/{chain}/events',
      'post /v1/chains/{chain}/commits',
      'get /v1/chains/{chain}/entries',
      'get /v1/chains/{chain}/payloads/{hash}',
      'get /v1/chains/{chain}/state',
      'get /v1/chains/{chain}/following',
      'get /v1/chains/{chain}/group-info',
      'get /v1/chains/{chain}/proposals',
      'get /v1/chains/{chain}/trees/{hash}',
      'post /v1/chains/{chain}/blobs',
      'patch /v1/chains/{chain}/blobs',
      'get /v1/chains/{chain}/blobs',
      'get /v1/chains/{chain}/blobs/{hash}',
      'get /v1/chains/{chain}/log/checkpoint',
      'get /v1/chains/{chain}/log/vkey',
      'get /v1/chains/{chain}/log/proof/{index}',
      'post /v1/chains/{chain}/stream',
      'get /v1/chains/{chain}/stream',
      'post /v1/devices/{device}/mailbox/stream',
      'get /v1/devices/{device}/mailbox/stream',
      'put /v1/devices/{device}/key-packages',
      'get /v1/devices/{device}/key-packages',
      'post /v1/devices/{device}/key-packages/claim',
      'post /v1/chains/{chain}/claims',
      'get /v1/devices/{device}/mailbox',
      'post /v1/devices/{device}/mailbox',
      'post /v1/devices/{device}/mailbox/ack',
      'post /v1/devices/{device}/mailbox/tokens',
      'get /v1/devices/{device}/mailbox/set-aside',
      'post /v1/devices/{device}/mailbox/set-aside/ack',
      'get /v1/cluster',
      'post /v1/cluster/scrub',
      'patch /v1/cluster/nodes/{node}',
      'get /v1/registry',
      'get /v1/modules',
      'post /v1/modules',
      'get /v1/modules/{hash}',
      'get /v1/relay',
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /docs',
    ]);
  });

  test('[HT7] describes each path parameter as the relay checks it', async () => {
    for (const [verb, path, { parameters = [] }] of await operations()) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(path.match(/\{/g)?.length ?? 0).toBe(inPath.length);
      for (const { name, schema } of inPath) {
        const filled = (value: string) =>
          path.replace(/\{(\w+)\}/g, (_whole, other: string) =>
            other === name ? value : other === 'index' ? '0' : NOWHERE,
          );
        for (const value of ['0', 'x', NOWHERE, `${'A'.repeat(42)}B`]) {
          const init = verb === 'get' ? {} : { ...post(new Uint8Array(1)), method: verb.toUpperCase() };
          const response = await call(filled(value) + queryOf(verb, path), init);
          const { code } = await response
            .clone()
            .json<Problem>()
            .catch(() => ({ code: undefined }));
          const isDescribed = new RegExp(schema.pattern ?? '(?!)').test(value);
          expect(code !== 'malformed-request', `${verb} ${path} with ${name} = ${value}`).toBe(isDescribed);
        }
      }
    }
  });

  test('[HT7] names every problem at some route, except those of sockets, senders and shard nodes', async () => {
    const text = JSON.stringify((await apiDocument()).paths);
    const unnamed = Object.keys(problems).filter((code) => !text.includes(`"${code}"`));
    expect(unnamed.sort()).toEqual([
      'expiry-out-of-range',
      'malformed-signature',
      'no-such-object',
      'node-not-configured',
      'object-damaged',
      'open-first',
      'quota-full',
      'relay-not-listed',
      'ticket-invalid',
      'too-many-in-flight',
      'unknown-mark',
    ]);
  });

  test('[HT7] says which routes want a signature, and they do', async () => {
    for (const [verb, path, { security = [] }] of await operations()) {
      const init = verb === 'get' ? {} : { ...post(new Uint8Array()), method: verb.toUpperCase() };
      const response = await call(
        path.replace('{index}', '0').replace(/\{\w+\}/g, NOWHERE) + queryOf(verb, path),
        init,
      );
      const isRequired = security.length > 0 && security.every((scheme) => Object.keys(scheme).length > 0);
      expect(response.status === 401, `${verb} ${path}`).toBe(isRequired);
    }
  });

  test('[HT7, WI1] refers to nothing that is not in it, and defines every binary body', async () => {
    const document = await apiDocument();
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: manifest.version } });
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name as string);
    expect(new Set(references).size).toBeGreaterThan(10);
    for (const name of references) expect(document.components['schemas']).toHaveProperty(name);
    expect(document.components['schemas']).toHaveProperty(['AppendRequest', 'description']);
    expect(JSON.stringify(document.components['schemas']?.['AppendRequest'])).toContain('Submission submissions<V>;');
  });
});

describe('The documentation page', () => {
  test('[HT10, WI4] has an anchor for every problem, which every problem links', async () => {
    const page = await (await call('/docs')).text();
    for (const [code, { title }] of Object.entries(problems)) {
      expect(page).toContain(`<tr id="${code}">`);
      expect(page).toContain(title.replaceAll("'", '&#39;'));
    }
  });

  test('[HT10] shows every route and every structure, and no link of it leads nowhere', async () => {
    const page = await (await call('/docs')).text();
    for (const [, path] of await operations()) expect(page).toContain(`<code>${path}</code>`);
    const anchors = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(100);
    for (const link of links) expect(anchors).toContain(link);
    expect([...page.matchAll(/ id="([^"]+)"/g)].length, 'an id is given once').toBe(anchors.size);
  });

  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

  test.each(['/', '/?ref=mail', '/docs/'])('[HT12] is where a browser is sent that opens %s', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await call(path, { method, headers: { accept: BROWSER }, redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
      expect(response.headers.get('cache-control')).toBe('private, no-store');
    }
  });

  test.each(['/', '/docs/'])('[HT1, HT12] is not forced on programs that ask for %s', async (path) => {
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.9', MEDIA_TYPE]) {
      expect(await problemOf(await call(path, { headers: { accept } }))).toMatchObject({ code: 'not-found' });
    }
    const post = await call(path, { method: 'POST', headers: { accept: BROWSER } });
    expect(await problemOf(post)).toMatchObject({ code: 'not-found' });
  });

  test('[HT10] names no other host and runs no script', async () => {
    const page = await (await call('/docs')).text();
    expect(page).not.toMatch(/<script|\ssrc=|https?:\/\/|url\(|@import|\son[a-z]+=|\sstyle=/i);
  });

  test('[HT4, HT10] is styled by the one sheet that its policy allows', async () => {
    const response = await call('/docs');
    const style = /<style>([\s\S]*?)<\/style>/.exec(await response.text())?.[1] ?? '';
    const hash = toBase64(sha256(utf8ToBytes(style)));
    expect(style.length).toBeGreaterThan(1000);
    expect(response.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
    expect(response.headers.get('content-security-policy')).not.toContain('script');
  });
});
