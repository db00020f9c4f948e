import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { contentDigest, satisfiesEquation, signEd25519, toBase64Url, type Problem } from '../../../core/index.ts';
import type { RelayEnvironment } from '../../../durable-objects/index.ts';
import { createRelay } from '../../../workers/relay/app.ts';
import { problemOf } from './answers.ts';
import { alterRequest, ALICE, BOB, nameOf, RELAY_URL, signRequest, type Call, type Signing } from './signed-request.ts';

const bindings = env as unknown as RelayEnvironment;
const NOW = 1_900_000_000_000;
const NOW_S = NOW / 1000;
// The first request of a file waits for the whole worker to be compiled.
const relay = createRelay({ clock: () => NOW });

/** A chain that does not exist: a signature that holds is answered by its object, with not-found. */
const TICKET: Call = { method: 'POST', path: `/v1/chains/${'A'.repeat(43)}/stream` };
/** Bytes that no structure has, so that a publication that arrives is refused for what it is. */
const NO_STRUCTURE = Uint8Array.of(9);
const PUBLISH: Call = { method: 'PUT', path: `/v1/devices/${nameOf(ALICE)}/key-packages`, body: NO_STRUCTURE };

async function send(request: Request): Promise<Response> {
  return await relay.fetch(request, bindings, {} as ExecutionContext);
}

async function problemFor(request: Request): Promise<Problem> {
  return problemOf(await send(request));
}

function refusal(call: Call, signing?: Signing): Promise<Problem> {
  return problemFor(signRequest(call, NOW, signing));
}

const HELD = { code: 'not-found' };

describe('What a signature covers', () => {
  test('[RQ1] takes the five components in any order', async () => {
    expect(await refusal(TICKET)).toMatchObject(HELD);
    const components = ['content-digest', '@query', '@path', '@authority', '@method'];
    expect(await refusal(TICKET, { components })).toMatchObject(HELD);
  });

  const all = ['@method', '@authority', '@path', '@query', 'content-digest'];
  test.each(all)('[RQ1] refuses a signature that leaves out %s', async (left) => {
    const components = all.filter((name) => name !== left);
    expect(await refusal(TICKET, { components })).toMatchObject({ code: 'signature-invalid', reason: 'components' });
  });

  test.each(all)('[RQ1] refuses a signature that covers something else in the place of %s', async (left) => {
    const components = all.map((name) => (name === left ? '@scheme' : name));
    expect(await refusal(TICKET, { components })).toMatchObject({ code: 'signature-invalid', reason: 'components' });
  });

  test.each(['@scheme', '@target-uri'])('[RQ1] refuses a signature that covers %s besides', async (extra) => {
    const signing = { components: [...all, extra] };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'components' });
  });

  test('[RQ1] refuses a covered header that is not one of the five', async () => {
    const call = { ...TICKET, headers: { accept: '*/*' } };
    const signing = { components: [...all, 'accept'] };
    expect(await refusal(call, signing)).toMatchObject({ code: 'signature-invalid', reason: 'components' });
  });

  test('[RQ1] looks for its own label among the signatures', async () => {
    expect(await refusal(TICKET, { label: 'proxy' })).toMatchObject({ code: 'signature-invalid', reason: 'label' });
    const both = signRequest(TICKET, NOW);
    const other = signRequest(TICKET, NOW, { seed: BOB, label: 'proxy' });
    for (const name of ['signature', 'signature-input']) {
      both.headers.set(name, `${both.headers.get(name) ?? ''}, ${other.headers.get(name) ?? ''}`);
    }
    expect(await problemFor(both)).toMatchObject(HELD);
  });

  test.each([
    ['two signatures under the label', (text: string) => `${text}, ${text}`],
    ['no dictionary', () => '((('],
  ])('[RQ8] refuses %s as malformed', async (_what, change) => {
    const request = signRequest(TICKET, NOW);
    for (const name of ['signature', 'signature-input']) {
      request.headers.set(name, change(request.headers.get(name) ?? ''));
    }
    expect(await problemFor(request)).toMatchObject({ code: 'signature-invalid', reason: 'malformed' });
  });
});

describe('The size of a signature', () => {
  test.each([
    ['is taken up to the limit', 4096, HELD],
    ['is refused over it', 4097, { code: 'signature-invalid', reason: 'malformed' }],
  ])('[RQ8] %s', async (_what, length, answer) => {
    const request = signRequest(TICKET, NOW);
    const input = `${request.headers.get('signature-input') ?? ''}, other=();tag="`;
    request.headers.set('signature-input', `${input.padEnd(length - 1, 'x')}"`);
    request.headers.set('signature', `${request.headers.get('signature') ?? ''}, other=:AA==:`);
    expect(await problemFor(request)).toMatchObject(answer);
  });
});

describe('What a signature says of itself', () => {
  test.each(['nonce', 'created', 'expires', 'alg'])('[RQ2] refuses a signature without %s', async (name) => {
    const signing = { parameters: { [name]: undefined } };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'parameters' });
  });

  test.each([
    ['15 bytes', toBase64Url(new Uint8Array(15))],
    ['padded', `${toBase64Url(new Uint8Array(16))}==`],
    ['a second spelling', `${toBase64Url(new Uint8Array(16)).slice(0, -1)}B`],
  ])('[RQ2] refuses a nonce of %s', async (_what, nonce) => {
    const signing = { parameters: { nonce } };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'parameters' });
  });

  test('[RQ2] takes the tag of this protocol and no other', async () => {
    expect(await refusal(TICKET, { parameters: { tag: 'terachat' } })).toMatchObject(HELD);
    const signing = { parameters: { tag: 'web-bot-auth' } };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'parameters' });
  });

  test.each(['rsa-pss-sha512', 'hmac-sha256', 'ED25519'])('[RQ2] refuses the algorithm %s', async (alg) => {
    const signing = { parameters: { alg } };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'algorithm' });
  });

  test.each([
    ['missing', undefined],
    ['of 31 bytes', toBase64Url(new Uint8Array(31).fill(1))],
    ['in hexadecimal', '0a'.repeat(32)],
  ])('[RQ2] refuses a keyid %s', async (_what, keyid) => {
    const signing = { parameters: { keyid } };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'keyid' });
  });

  test('[RQ2] refuses a key of small order, whose signatures anybody could make', async () => {
    // The neutral element signs everything: [S]B − [h]A is [S]B whatever h is, so the equation alone lets it pass.
    const neutral = Uint8Array.of(1, ...new Uint8Array(31));
    const base = Uint8Array.of(0x58, ...new Uint8Array(31).fill(0x66));
    const sign = (message: Uint8Array) => {
      const signature = Uint8Array.of(...base, 1, ...new Uint8Array(31));
      expect(satisfiesEquation({ key: neutral, message, signature })).toBe(true);
      return signature;
    };
    const signing = { parameters: { keyid: toBase64Url(neutral) }, sign };
    expect(await refusal(TICKET, signing)).toMatchObject({ code: 'signature-invalid', reason: 'mismatch' });
  });
});

describe('When a signature holds', () => {
  test.each([
    ['the first second of its life', 0, 60],
    ['its last second', -60, 0],
    ['a clock five seconds ahead', 5, 65],
    ['the shortest life', 0, 1],
  ])('[RQ3] takes %s', async (_what, created, expires) => {
    const parameters = { created: NOW_S + created, expires: NOW_S + expires };
    expect(await refusal(TICKET, { parameters })).toMatchObject(HELD);
  });

  test.each([
    ['a second past its end', -60, -1, 'expired'],
    ['six seconds before its start', 6, 66, 'not-yet-valid'],
    ['a life of 61 seconds', 0, 61, 'lifetime'],
    ['an end before its start', 0, -1, 'lifetime'],
    ['no life at all', 0, 0, 'lifetime'],
  ])('[RQ3] refuses %s and tells the time', async (_what, created, expires, reason) => {
    const parameters = { created: NOW_S + created, expires: NOW_S + expires };
    expect(await refusal(TICKET, { parameters })).toMatchObject({
      code: 'signature-expired',
      reason,
      relayTime: String(NOW),
    });
  });
});

describe('The body of a signed request', () => {
  test('[RQ4] reaches the object when its digest is the one that was signed', async () => {
    expect(await refusal(PUBLISH)).toMatchObject({ code: 'malformed' });
  });

  test('[RQ4] refuses another body under the signed digest', async () => {
    const altered = alterRequest(signRequest(PUBLISH, NOW), { body: Uint8Array.of(1) });
    expect(await problemFor(altered)).toMatchObject({ code: 'digest-mismatch' });
  });

  test('[RQ4] refuses a body slipped under a request that was signed without one', async () => {
    const altered = alterRequest(signRequest(TICKET, NOW), { body: Uint8Array.of(1) });
    expect(await problemFor(altered)).toMatchObject({ code: 'body-too-large' });
  });

  test.each([
    ['sha-512', `sha-512=:${'A'.repeat(86)}==:`],
    ['a second digest beside the right one', `${contentDigest(NO_STRUCTURE)}, sha-512=:AA==:`],
    ['a parameter', `${contentDigest(NO_STRUCTURE)};a`],
  ])('[RQ4] refuses a Content-Digest of %s', async (_what, digest) => {
    expect(await refusal(PUBLISH, { digest })).toMatchObject({ code: 'digest-mismatch' });
  });

  test('[RQ4] asks for the digest of nothing too', async () => {
    expect(await refusal(TICKET, { digest: contentDigest(Uint8Array.of(0)) })).toMatchObject({
      code: 'digest-mismatch',
    });
  });
});

describe('Whose signature it is', () => {
  const mismatch = { code: 'signature-invalid', reason: 'mismatch' };

  test('[RQ6] refuses a signature by another key', async () => {
    expect(await refusal(TICKET, { seed: BOB, parameters: { keyid: nameOf(ALICE) } })).toMatchObject(mismatch);
  });

  test.each([
    ['authority', 'https://other.example', TICKET.path],
    ['port', 'https://relay.example:8443', TICKET.path],
    ['path', RELAY_URL, TICKET.path.replace('A', 'B')],
  ])('[RQ6] refuses a request moved to another %s', async (_what, origin, path) => {
    const altered = alterRequest(signRequest(TICKET, NOW), { url: `${origin}${path}` });
    expect(await problemFor(altered)).toMatchObject(mismatch);
  });

  test('[RQ6] refuses an altered query', async () => {
    const call = { path: `/v1/devices/${nameOf(ALICE)}/mailbox?from=7` };
    const altered = alterRequest(signRequest(call, NOW), { url: `${RELAY_URL}${call.path.replace('7', '8')}` });
    expect(await problemFor(altered)).toMatchObject(mismatch);
  });

  test('[RQ6] refuses another method', async () => {
    const stock = { path: `/v1/devices/${nameOf(ALICE)}/key-packages` };
    const altered = alterRequest(signRequest({ ...stock, method: 'POST' }, NOW), { method: 'GET', body: null });
    expect(await problemFor(altered)).toMatchObject(mismatch);
  });

  test.each([0, 31, 32, 63])('[RQ6] refuses a signature with a bit changed in byte %i', async (index) => {
    const sign = (message: Uint8Array) => {
      const signature = signEd25519(ALICE, message);
      signature[index] = (signature[index] ?? 0) ^ 1;
      return signature;
    };
    expect(await refusal(TICKET, { sign })).toMatchObject(mismatch);
  });

  test('[RQ6] refuses a signature of another length', async () => {
    expect(await refusal(TICKET, { sign: () => new Uint8Array(63) })).toMatchObject(mismatch);
  });
});

describe('Requests that are not signed', () => {
  test.each([TICKET, PUBLISH, { path: `/v1/devices/${nameOf(ALICE)}/mailbox` }])(
    '[RQ7] are told what to sign: $method $path',
    async ({ method = 'GET', path, body }: Call) => {
      const headers = body && { 'content-type': 'application/vnd.terachat.v1+tls' };
      const response = await send(new Request(`${RELAY_URL}${path}`, { method, ...(body && { body, headers }) }));
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'signature-required' });
      expect(response.headers.get('accept-signature')).toBe(
        'terachat=("@method" "@authority" "@path" "@query" "content-digest");created;expires;nonce;keyid;alg="ed25519"',
      );
    },
  );

  test('[RQ9] may read where the chain allows it, but a signature that is there must hold', async () => {
    const path = `/v1/chains/${'A'.repeat(43)}/state`;
    const open = await send(new Request(`${RELAY_URL}${path}`));
    expect(await open.json()).toMatchObject({ code: 'not-found' });
    expect(await refusal({ path }, { label: 'other' })).toMatchObject({ code: 'signature-invalid' });
  });
});
