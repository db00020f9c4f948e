import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  appendAnswer,
  appendRequest,
  chainDownFrame,
  chainIdOf,
  chainOrigin,
  chainUpFrame,
  decodeTrusted,
  encode,
  entryPage,
  leafHash,
  MEDIA_TYPE,
  openCheckpoint,
  parseLogProof,
  parseState,
  parseVkey,
  publicKeyOf,
  sha256,
  stateAnswer,
  submission,
  ticketAnswer,
  toBase64Url,
  verifyInclusion,
  verifierKeyOf,
  verifyOracle,
  viewState,
  type AppendAnswer,
  type ChainId,
  type Checkpoint,
  type EntryPage,
  type Json,
  type Submission,
  type VerifierKey,
  type VerifyJob,
} from '../../../core/index.ts';
import { TestActor, type Seen } from '../../support/test-actor.ts';
import { bytesOf, problemOf } from './answers.ts';
import { documentedFetch } from './documented-fetch.ts';
import { RELAY_URL, signRequest } from './signed-request.ts';

// The first request of a file waits for the whole worker to be compiled.
const { default: worker } = exports as unknown as { readonly default: Fetcher };
const alice = new TestActor('alice over http');
const mallory = new TestActor('mallory over http');
const RELAY_KEY = publicKeyOf(new Uint8Array(32));

const send = documentedFetch((request) => worker.fetch(request));

/** Posts what is signed by itself. */
function post(path: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'content-type': MEDIA_TYPE, ...headers } };
  return send(new Request(`${RELAY_URL}${path}`, init));
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return send(new Request(`${RELAY_URL}${path}`, { headers }));
}

function getAs(actor: TestActor, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const signed = signRequest({ path }, Date.now(), { seed: actor.seed });
  for (const [name, value] of Object.entries(headers)) signed.headers.set(name, value);
  return send(signed);
}

interface Founded {
  readonly chain: ChainId;
  readonly path: string;
  readonly genesis: Submission;
  readonly seen: Seen;
}

async function found(visibility: 'private' | 'public'): Promise<Founded> {
  const genesis = alice.genesis({ visibility }, Date.now());
  const response = await post('/v1/chains', encode(submission, genesis));
  const chain = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
  const path = `/v1/chains/${toBase64Url(chain)}`;
  expect([response.status, response.headers.get('location')]).toEqual([201, path]);
  const answer = decodeTrusted(appendAnswer, await bytesOf(response));
  const page = decodeTrusted(entryPage, await bytesOf(await getAs(alice, `${path}/entries`)));
  expect(answer.outcomes).toMatchObject([{ kind: 'accepted', value: { index: 0 } }]);
  return { chain, path, genesis, seen: { index: 0, hash: leafHash(page.entries[0]!.entry) } };
}

function originOf({ chain }: Founded): string {
  return chainOrigin('localhost.terachat', chain);
}

/** The checkpoint in a note, which throws unless the log's key signed it. */
function openLog(note: string, chain: Founded, logKey: VerifierKey): Checkpoint {
  const verify = (jobs: readonly VerifyJob[]) => jobs.map(verifyOracle);
  const opened = openCheckpoint(note, { origin: originOf(chain), logKey, verify });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value.checkpoint;
}

let secret: Founded;
let open: Founded;
const payload = new TextEncoder().encode('ciphertext');

function message({ chain, seen }: Founded, actor = alice): Submission {
  return actor.message(chain, seen, Date.now(), payload);
}

function append({ path }: Founded, ...submissions: Submission[]): Promise<Response> {
  return post(`${path}/events`, encode(appendRequest, { submissions }));
}

async function accepted(response: Response): Promise<AppendAnswer> {
  return decodeTrusted(appendAnswer, await bytesOf(response));
}

beforeAll(async () => {
  secret = await found('private');
  open = await found('public');
  await accepted(await append(open, message(open)));
});

describe('Founding', () => {
  test('[WI6] again with the same genesis gets the same receipt', async () => {
    const { genesis } = await found('private');
    const receipts = await Promise.all(
      [1, 2].map(async () => accepted(await post('/v1/chains', encode(submission, genesis)))),
    );
    expect(receipts[0]?.outcomes).toEqual(receipts[1]?.outcomes);
  });

  test('[WI4] for another relay is refused', async () => {
    const genesis = alice.genesis({ relayName: 'other.example' }, Date.now());
    expect(await problemOf(await post('/v1/chains', encode(submission, genesis)))).toMatchObject({
      code: 'wrong-relay',
    });
  });

  test('[WI4] with bytes that are no submission is refused where they go wrong', async () => {
    const body = encode(submission, alice.genesis({}, Date.now()));
    const problem = await problemOf(await post('/v1/chains', body.subarray(0, -1)));
    expect(problem).toMatchObject({ code: 'malformed', reason: 'truncated' });
  });
});

describe('Appending', () => {
  test('[WI6] answers each submission in its place, under one checkpoint', async () => {
    const chain = await found('private');
    const strange = message(chain, mallory);
    const { outcomes, checkpoint } = await accepted(await append(chain, message(chain), strange, message(chain)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'refused', 'accepted']);
    expect(outcomes.flatMap((outcome) => (outcome.kind === 'accepted' ? [outcome.value.index] : []))).toEqual([1, 2]);
    expect(openLog(checkpoint, chain, verifierKeyOf(originOf(chain), 'ed25519', RELAY_KEY)).size).toBe(3);
  });

  test('[WI6] alone and refused is the refusal of the request', async () => {
    const problem = await problemOf(await append(secret, message(secret, mallory)));
    expect(problem).toMatchObject({ code: 'not-permitted', status: 403 });
  });

  test('[WI6] several that are all refused are still outcomes', async () => {
    const { outcomes } = await accepted(await append(secret, message(secret, mallory), message(secret, mallory)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['refused', 'refused']);
  });

  test('[WI6, WI7] shows outcomes as JSON on request, problems as objects', async () => {
    const chain = await found('private');
    const submissions = [message(chain), message(chain, mallory)];
    const body = encode(appendRequest, { submissions });
    const response = await post(`${chain.path}/events`, body, { accept: 'application/json' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      outcomes: [
        { kind: 'accepted', value: { index: '1', prev: toBase64Url(chain.seen.hash) } },
        { kind: 'refused', value: { code: 'not-permitted', status: 403 } },
      ],
    });
  });

  test('[WI4] to a chain that is not here, or with bytes that are no request, is refused', async () => {
    const nowhere = { ...secret, path: `/v1/chains/${'A'.repeat(43)}` };
    expect(await problemOf(await append(nowhere, message(secret)))).toMatchObject({ code: 'not-found' });
    expect(await problemOf(await post(`${secret.path}/events`, Uint8Array.of(9)))).toMatchObject({ code: 'malformed' });
  });

  test('[WI4] a lone commit bundle that is no bundle is refused', async () => {
    expect(await problemOf(await post(`${secret.path}/commits`, Uint8Array.of(1)))).toMatchObject({
      code: 'malformed',
    });
  });
});

describe('Reading', () => {
  const routes = ['/entries', '/state', '/log/checkpoint', '/log/proof/0'];

  test.each(routes)('[RQ9] a private chain takes the signature of a member: %s', async (route) => {
    expect((await getAs(alice, `${secret.path}${route}`)).status).toBe(200);
  });

  test.each(routes)('[RQ9] a private chain is not there for strangers, signed or not: %s', async (route) => {
    expect(await problemOf(await getAs(mallory, `${secret.path}${route}`))).toMatchObject({ code: 'not-found' });
    expect(await problemOf(await get(`${secret.path}${route}`))).toMatchObject({ code: 'not-found' });
  });

  test.each(routes)('[RQ9] a public chain needs no signature: %s', async (route) => {
    expect((await get(`${open.path}${route}`)).status).toBe(200);
  });

  test('[RQ5] takes a signed request once', async () => {
    const request = signRequest({ path: `${secret.path}/state` }, Date.now(), { seed: alice.seed });
    expect((await send(request.clone())).status).toBe(200);
    expect(await problemOf(await send(request))).toMatchObject({ code: 'nonce-replayed', status: 401 });
  });

  test('[HT6] gives the page that was asked for', async () => {
    const page = async (query: string): Promise<EntryPage> =>
      decodeTrusted(entryPage, await bytesOf(await get(`${open.path}/entries${query}`)));
    expect((await page('')).entries).toHaveLength(2);
    expect((await page('?from=1')).entries[0]?.payload).toEqual(payload);
    expect((await page('?limit=1')).entries).toHaveLength(1);
    expect((await page('?from=2&limit=256')).entries).toHaveLength(0);
  });

  test('[WI7] shows entries, payloads and state as JSON on request', async () => {
    const json = async (route: string): Promise<Json> =>
      await (await get(`${open.path}${route}`, { accept: 'application/json' })).json();
    expect(await json('/entries?from=1')).toMatchObject({
      entries: [
        {
          entry: { index: '1', event: { type: 'group.message', actor: toBase64Url(alice.key) } },
          payload: toBase64Url(payload),
        },
      ],
    });
    const state = decodeTrusted(stateAnswer, await bytesOf(await get(`${open.path}/state`)));
    const parsed = parseState(state.state);
    expect(await json('/state')).toMatchObject({
      index: '1',
      digest: toBase64Url(state.digest),
      state: parsed && viewState(parsed),
    });
    expect(await json(`/payloads/${toBase64Url(sha256(payload))}`)).toEqual({ payload: toBase64Url(payload) });
  });

  test('[WI1] gives a payload as it is', async () => {
    const response = await get(`${open.path}/payloads/${toBase64Url(sha256(payload))}`);
    expect(await bytesOf(response)).toEqual(payload);
    const other = await get(`${open.path}/payloads/${toBase64Url(sha256(Uint8Array.of(1)))}`);
    expect(await problemOf(other)).toMatchObject({ code: 'not-found' });
  });

  test('[WI4] has no GroupInfo where there is no MLS group', async () => {
    expect(await problemOf(await getAs(alice, `${open.path}/group-info`))).toMatchObject({ code: 'mls-not-created' });
  });

  test('[RC2] keeps the GroupInfo of a public chain for its members', async () => {
    expect(await problemOf(await get(`${open.path}/group-info`))).toMatchObject({ code: 'not-found' });
  });
});

describe('The log', () => {
  test('[WI8] is proved by what the C2SP routes say, as text', async () => {
    const texts = await Promise.all(
      ['/log/vkey', '/log/checkpoint', '/log/proof/1'].map(async (route) => {
        const response = await get(`${open.path}${route}`);
        expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
        return response.text();
      }),
    );
    const [vkey = '', note = '', proofText = ''] = texts;
    const log = parseVkey(vkey);
    const proof = parseLogProof(proofText);
    if (!log.ok || !proof.ok) throw new Error('unreadable');
    const { size, root } = openLog(note, open, log.value);
    expect(size).toBe(2);
    expect(proof.value.checkpoint).toBe(note);
    const { entries } = decodeTrusted(entryPage, await bytesOf(await get(`${open.path}/entries?from=1`)));
    const leaf = leafHash(entries[0]!.entry);
    expect(verifyInclusion({ index: proof.value.index, size, leaf, root, proof: proof.value.path })).toBe(true);
  });

  test('[WI7, WI8] is shown as JSON on request', async () => {
    const json = async (route: string): Promise<Record<string, unknown>> =>
      await (await get(`${open.path}${route}`, { accept: 'application/json' })).json();
    const note = await (await get(`${open.path}/log/checkpoint`)).text();
    expect(await json('/log/checkpoint')).toMatchObject({
      origin: originOf(open),
      size: '2',
      note,
    });
    expect(await json('/log/proof/0')).toMatchObject({ index: '0', checkpoint: note });
    expect(await json('/log/vkey')).toEqual({ vkey: await (await get(`${open.path}/log/vkey`)).text() });
  });
});

describe('A stream', () => {
  async function ticketFor(origin?: string): Promise<Uint8Array> {
    const call = { method: 'POST', path: `${secret.path}/stream` };
    const request = signRequest(call, Date.now(), { seed: alice.seed });
    if (origin !== undefined) request.headers.set('origin', origin);
    return decodeTrusted(ticketAnswer, await bytesOf(await send(request))).ticket;
  }

  async function openSocket(ticket: Uint8Array, origin?: string): Promise<string[]> {
    const headers = { upgrade: 'WebSocket', ...(origin !== undefined && { origin }) };
    const response = await get(`${secret.path}/stream`, headers);
    expect(response.status).toBe(101);
    const socket = response.webSocket!;
    const kinds: string[] = [];
    const settled = new Promise<string[]>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const { kind } = decodeTrusted(chainDownFrame, new Uint8Array(data as ArrayBuffer));
        kinds.push(kind);
        if (kind !== 'entries') resolve(kinds);
      });
    });
    socket.accept({ allowHalfOpen: false });
    socket.binaryType = 'arraybuffer';
    socket.send(encode(chainUpFrame, { kind: 'open', value: { ticket, cursor: 0 } }));
    const seen = await settled;
    socket.close();
    return seen;
  }

  test('[HT11] opens with a ticket that a signed request got', async () => {
    expect(await openSocket(await ticketFor())).toEqual(['entries', 'caughtUp']);
  });

  test('[HT11] carries the page that asked for the ticket to the object', async () => {
    const ticket = await ticketFor('https://app.example');
    expect(await openSocket(ticket, 'https://evil.example')).toEqual(['problem']);
    const other = await ticketFor('https://app.example');
    expect(await openSocket(other, 'https://app.example')).toEqual(['entries', 'caughtUp']);
  });

  test('[HT11] has no ticket for strangers, and no socket where there is no chain', async () => {
    const call = { method: 'POST', path: `${secret.path}/stream` };
    const stranger = signRequest(call, Date.now(), { seed: mallory.seed });
    expect(await problemOf(await send(stranger))).toMatchObject({ code: 'not-found' });
    const nowhere = await get(`/v1/chains/${'A'.repeat(43)}/stream`, { upgrade: 'websocket' });
    expect(await problemOf(nowhere)).toMatchObject({ code: 'not-found' });
  });
});
