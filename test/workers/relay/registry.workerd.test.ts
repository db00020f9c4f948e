import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  adminsRotated,
  appendAnswer,
  appendRequest,
  chainIdOf,
  decodeTrusted,
  encode,
  entryPage,
  leafHash,
  MEDIA_TYPE,
  modulePublished,
  moduleList,
  moduleRevoked,
  moduleSubmission,
  parseState,
  registryAnswer,
  sha256,
  submission,
  toBase64Url,
  type ChainId,
  type EventDefinition,
  type ModuleManifest,
} from '../../../core/index.ts';
import type { RelayEnvironment } from '../../../durable-objects/index.ts';
import {
  ada,
  ben,
  cleo,
  publicationOf,
  revocationOf,
  rootOf,
  rotationOf,
} from '../../../scripts/vectors/sample-registry.ts';
import { createRelay } from '../../../workers/relay/app.ts';
import { assemble, i32, policyWith } from '../../core/policy/assembler.ts';
import { TestActor, type EventDraft, type Seen } from '../../support/test-actor.ts';
import { bytesOf, problemOf } from './answers.ts';
import { documentedFetch } from './documented-fetch.ts';
import { RELAY_URL } from './signed-request.ts';

const bindings = env as unknown as RelayEnvironment;
const now = Date.now();
const relay = createRelay({ clock: () => now });
const registrar = new TestActor('registrar over http');
const { bytes } = assemble(policyWith([i32(1), 0x1a]));
const valid = { notBefore: now - 1_000, expiresAt: now + 86_400_000 };
const ofModule = { ...valid, hash: sha256(bytes), size: bytes.length };

let chain: ChainId;
let seen: Seen;
/** base64url; another deployment has another. */
let pinned: string | undefined;

const send = documentedFetch((request) =>
  relay.fetch(request, { ...bindings, ...(pinned === undefined ? {} : { REGISTRY: pinned }) }, {} as ExecutionContext),
);

function post(path: string, body: Uint8Array): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'content-type': MEDIA_TYPE } };
  return send(new Request(`${RELAY_URL}${path}`, init));
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return send(new Request(`${RELAY_URL}${path}`, { headers }));
}

function sign<Body>(definition: EventDefinition<Body>, body: Body, more: Partial<EventDraft> = {}) {
  const { type } = definition;
  return registrar.sign({ chain, seen, time: now, type, body: definition.encodeBody(body), ...more });
}

function moduleBody(fields: Partial<ModuleManifest> = {}, module = bytes, by = [ada, ben]): Uint8Array {
  const { event, signature } = sign(modulePublished, publicationOf({ chain }, by, { ...ofModule, ...fields }));
  return encode(moduleSubmission, { event, signature, module });
}

async function readOn(): Promise<void> {
  const page = decodeTrusted(entryPage, await bytesOf(await get(`/v1/chains/${toBase64Url(chain)}/entries`)));
  const { entry } = page.entries.at(-1)!;
  seen = { index: page.entries.length - 1, hash: leafHash(entry) };
}

beforeAll(async () => {
  const root = rootOf([ada, ben, cleo], { expiresAt: now + 30 * 86_400_000 });
  const genesis = registrar.genesis({ visibility: 'public', parameters: { kind: 'registry', value: { root } } }, now);
  chain = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
  const response = await post('/v1/chains', encode(submission, genesis));
  expect(response.status).toBe(201);
  await readOn();
});

describe('A relay that has pinned no registry', () => {
  test.each(['/v1/registry', '/v1/modules', `/v1/modules/${'A'.repeat(43)}`])('[AR15] says so at %s', async (path) => {
    for (const name of [undefined, '', 'A'.repeat(42), `${'A'.repeat(42)}B`]) {
      pinned = name;
      expect(await problemOf(await get(path))).toMatchObject({ code: 'no-registry' });
    }
  });

  test('[AR15] publishes nothing', async () => {
    pinned = undefined;
    expect(await problemOf(await post('/v1/modules', moduleBody()))).toMatchObject({ code: 'no-registry' });
  });

  test('[AR15] or one that is not here, or no registry, says that too', async () => {
    pinned = 'A'.repeat(43);
    expect(await problemOf(await get('/v1/registry'))).toMatchObject({ code: 'not-found' });
    const genesis = registrar.genesis({ visibility: 'public' }, now);
    expect((await post('/v1/chains', encode(submission, genesis))).status).toBe(201);
    pinned = toBase64Url(chainIdOf({ tbs: genesis.event, signature: genesis.signature }));
    expect(await problemOf(await get('/v1/registry'))).toMatchObject({ code: 'no-registry' });
    expect(await problemOf(await get('/v1/modules'))).toMatchObject({ code: 'no-registry' });
  });
});

describe('A registry over HTTP', () => {
  const modulePath = `/v1/modules/${toBase64Url(sha256(bytes))}`;
  let first: Uint8Array;

  beforeAll(() => {
    pinned = toBase64Url(chain);
    first = moduleBody();
  });

  test('[AR15] answers with its chain and its state', async () => {
    const { registry, state } = decodeTrusted(registryAnswer, await bytesOf(await get('/v1/registry')));
    expect(registry).toEqual(new Uint8Array(chain));
    expect(parseState(state.state)).toMatchObject({ kind: 'registry', value: { modules: [], roots: [{ index: 0 }] } });
    const view = await (await get('/v1/registry', { accept: 'application/json' })).json();
    expect(view).toMatchObject({ registry: pinned, state: { state: { kind: 'registry' } } });
  });

  test('[AR16] refuses a module that its event does not name, or that is no policy module', async () => {
    const other = assemble(policyWith([i32(2), 0x1a])).bytes;
    expect(await problemOf(await post('/v1/modules', moduleBody({}, other)))).toMatchObject({
      code: 'payload-mismatch',
    });
    const hostile = Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0);
    const signed = moduleBody({ hash: sha256(hostile), size: hostile.length }, hostile);
    expect(await problemOf(await post('/v1/modules', signed))).toMatchObject({
      code: 'module-refused',
      rule: 'version',
      offset: '4',
    });
    expect(await problemOf(await get(modulePath))).toMatchObject({ code: 'not-found' });
  });

  test('[AR16] reads no module before its signatures count, whoever sends it', async () => {
    const noModule = new Uint8Array(9);
    expect(await problemOf(await post('/v1/modules', moduleBody({}, noModule, [ada])))).toMatchObject({
      code: 'threshold-not-met',
    });
    const mallory = new TestActor('mallory over http');
    const body = modulePublished.encodeBody(publicationOf({ chain }, [ada, ben], ofModule));
    const { event, signature } = mallory.sign({ chain, seen, time: now, type: modulePublished.type, body });
    const theirs = encode(moduleSubmission, { event, signature, module: noModule });
    expect(await problemOf(await post('/v1/modules', theirs))).toMatchObject({ code: 'not-permitted' });
  });

  test('[AR16] takes nothing but publications there, and no publication without its module elsewhere', async () => {
    const rotation = sign(adminsRotated, rotationOf({ chain }, [ada, ben], { expiresAt: now + 1 }));
    const { event, signature } = rotation;
    expect(
      await problemOf(await post('/v1/modules', encode(moduleSubmission, { event, signature, module: bytes }))),
    ).toMatchObject({ code: 'unknown-event-type' });
    const alone = sign(modulePublished, publicationOf({ chain }, [ada, ben], ofModule));
    const request = encode(appendRequest, { submissions: [alone] });
    expect(await problemOf(await post(`/v1/chains/${pinned!}/events`, request))).toMatchObject({ code: 'lone-module' });
  });

  test('[AR8, AR16] keeps a module with its entry, and gives a retry the same receipt', async () => {
    const receipts = [];
    for (let i = 0; i < 2; i++) {
      receipts.push(decodeTrusted(appendAnswer, await bytesOf(await post('/v1/modules', first))));
    }
    expect(receipts[1]).toEqual(receipts[0]);
    expect(receipts[0]).toMatchObject({ outcomes: [{ kind: 'accepted', value: { index: 1 } }] });
    const response = await get(modulePath);
    expect(response.headers.get('content-type')).toBe('application/wasm');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    await readOn();
    expect(await problemOf(await post('/v1/modules', moduleBody()))).toMatchObject({
      code: 'module-already-published',
      at: '1',
    });
  });

  test('[AR10] keeps a module that it takes back, and lists where it did', async () => {
    const body = revocationOf({ chain }, [ada, cleo], { modules: [ofModule.hash] });
    const request = encode(appendRequest, { submissions: [sign(moduleRevoked, body)] });
    await bytesOf(await post(`/v1/chains/${pinned!}/events`, request));
    const { modules } = decodeTrusted(moduleList, await bytesOf(await get('/v1/modules')));
    expect(modules).toMatchObject([{ manifest: { name: 'ledger', version: 1 }, index: 1, revokedAt: 2 }]);
    expect((await get(modulePath)).status).toBe(200);
    await readOn();
    expect(await problemOf(await post('/v1/modules', moduleBody()))).toMatchObject({ code: 'module-revoked', at: '2' });
  });
});
