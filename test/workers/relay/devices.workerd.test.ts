import { exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  chainIdOf,
  claimedKeyPackage,
  decodeTrusted,
  encode,
  envelopePost,
  keyPackageClaim,
  keyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxDownFrame,
  mailboxPage,
  mailboxTokenContent,
  mailboxUpFrame,
  MAX_ENVELOPE_POST_BYTES,
  MEDIA_TYPE,
  parseActorKey,
  signEd25519,
  submission,
  ticketAnswer,
  toBase64Url,
  tokenRevocation,
  tokenState,
  type ChainId,
  type EnvelopePost,
  type MailboxPage,
  type MailboxToken,
  type TokenRevocation,
  type TokenState,
} from '../../../core/index.ts';
import { createMlsIdentity, newKeyPackage } from '../../../sdk/mls/index.ts';
import { TestActor } from '../../support/test-actor.ts';
import { bytesOf, problemOf } from './answers.ts';
import { documentedFetch } from './documented-fetch.ts';
import { RELAY_URL, signRequest, type Call } from './signed-request.ts';

// The first request of a file waits for the whole worker to be compiled.
const { default: worker } = exports as unknown as { readonly default: Fetcher };
const send = documentedFetch((request) => worker.fetch(request));
const alice = new TestActor('alice with a device');
const bob = new TestActor('bob with a device');
const mallory = new TestActor('mallory with a device');

function pathOf(actor: TestActor, rest: string): string {
  return `/v1/devices/${toBase64Url(actor.key)}/${rest}`;
}

function callAs(actor: TestActor, call: Call): Promise<Response> {
  return send(signRequest(call, Date.now(), { seed: actor.seed }));
}

async function keyPackageOf({ key, seed }: TestActor): Promise<Uint8Array> {
  const actor = parseActorKey(key)!;
  const identity = await createMlsIdentity({ actor, sign: (message) => signEd25519(seed, message) });
  return (await newKeyPackage(identity, { nowMs: Date.now() })).message;
}

async function publish(actor: TestActor, owner: TestActor, ...keyPackages: Uint8Array[]): Promise<Response> {
  const body = encode(keyPackagePublication, { mode: 'add', keyPackages });
  return callAs(actor, { method: 'PUT', path: pathOf(owner, 'key-packages'), body });
}

function claim(actor: TestActor, owner: TestActor, chain: ChainId): Promise<Response> {
  const body = encode(keyPackageClaim, { chain, ciphersuite: 1 });
  return callAs(actor, { method: 'POST', path: pathOf(owner, 'key-packages/claim'), body });
}

let chain: ChainId;

beforeAll(async () => {
  const genesis = alice.genesis({}, Date.now());
  const init = { method: 'POST', body: encode(submission, genesis), headers: { 'content-type': MEDIA_TYPE } };
  expect((await send(new Request(`${RELAY_URL}/v1/chains`, init))).status).toBe(201);
  chain = chainIdOf({ tbs: genesis.event, signature: genesis.signature });
});

describe('KeyPackages', () => {
  test('[WI1] go in, are counted, and come out once', async () => {
    const keyPackage = await keyPackageOf(bob);
    const stock = decodeTrusted(keyPackageStock, await bytesOf(await publish(bob, bob, keyPackage)));
    expect(stock.suites).toMatchObject([{ ciphersuite: 1, available: 1 }]);
    const counted = await bytesOf(await callAs(bob, { path: pathOf(bob, 'key-packages') }));
    expect(decodeTrusted(keyPackageStock, counted)).toEqual(stock);
    const claimed = decodeTrusted(claimedKeyPackage, await bytesOf(await claim(alice, bob, chain)));
    expect(claimed.keyPackage).toEqual(keyPackage);
    expect(await problemOf(await claim(alice, bob, chain))).toMatchObject({ code: 'key-packages-exhausted' });
  });

  test('[KP1] are the signing device’s own to publish and count', async () => {
    const keyPackage = await keyPackageOf(mallory);
    expect(await problemOf(await publish(mallory, bob, keyPackage))).toMatchObject({ code: 'not-permitted' });
    const counted = await callAs(mallory, { path: pathOf(bob, 'key-packages') });
    expect(await problemOf(counted)).toMatchObject({ code: 'not-permitted' });
    expect(await problemOf(await publish(bob, bob, keyPackage))).toMatchObject({ code: 'invalid-key-package' });
  });

  test('[KP4] are given to those who may invite', async () => {
    expect(await problemOf(await claim(mallory, bob, chain))).toMatchObject({ code: 'not-permitted' });
  });

  test('[KP4] are asked for by a claim of a suite that there is, before any chain is asked', async () => {
    const path = pathOf(bob, 'key-packages/claim');
    const codeFor = async (body: Uint8Array) =>
      (await problemOf(await callAs(mallory, { method: 'POST', path, body }))).code;
    expect(await codeFor(new Uint8Array(33))).toBe('malformed');
    expect(await codeFor(new Uint8Array(35))).toBe('malformed');
    expect(await codeFor(encode(keyPackageClaim, { chain, ciphersuite: 4 }))).toBe('unsupported-ciphersuite');
  });

  test('[WI4] are refused with where the bytes go wrong', async () => {
    const call = { method: 'PUT', path: pathOf(bob, 'key-packages'), body: Uint8Array.of(0, 2, 0) };
    expect(await problemOf(await callAs(bob, call))).toMatchObject({ code: 'malformed', reason: 'truncated' });
  });
});

describe('A mailbox', () => {
  async function read(from?: number): Promise<MailboxPage> {
    const query = from === undefined ? '' : `?from=${from}`;
    return decodeTrusted(mailboxPage, await bytesOf(await callAs(bob, { path: pathOf(bob, `mailbox${query}`) })));
  }

  test('[WI1, WI7] is read by its actor, as bytes or as JSON', async () => {
    const { items, next } = await read();
    expect(items).toEqual([]);
    expect((await read(7)).items).toEqual([]);
    const request = signRequest({ path: pathOf(bob, 'mailbox') }, Date.now(), { seed: bob.seed });
    request.headers.set('accept', 'application/json');
    expect(await (await send(request)).json()).toMatchObject({ items: [], next: String(next) });
  });

  test('[RQ5] answers a signed request once', async () => {
    const request = signRequest({ path: pathOf(bob, 'mailbox') }, Date.now(), { seed: bob.seed });
    expect((await send(request.clone())).status).toBe(200);
    expect(await problemOf(await send(request))).toMatchObject({ code: 'nonce-replayed' });
  });

  test('[MX1] is nobody else’s', async () => {
    const body = encode(mailboxAck, { upTo: 1 });
    for (const call of [
      { path: pathOf(bob, 'mailbox') },
      { method: 'POST', path: pathOf(bob, 'mailbox/ack'), body },
      { method: 'POST', path: pathOf(bob, 'mailbox/stream') },
    ]) {
      expect(await problemOf(await callAs(mallory, call))).toMatchObject({ code: 'not-permitted' });
    }
  });

  test('[HT1] is acknowledged without an answer', async () => {
    const body = encode(mailboxAck, { upTo: 0 });
    const response = await callAs(bob, { method: 'POST', path: pathOf(bob, 'mailbox/ack'), body });
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test('[HT2] takes no acknowledgement longer than one', async () => {
    const call = { method: 'POST', path: pathOf(bob, 'mailbox/ack'), body: new Uint8Array(65) };
    expect(await problemOf(await callAs(bob, call))).toMatchObject({ code: 'body-too-large', limitBytes: '64' });
    const long = { ...call, body: new Uint8Array(9) };
    expect(await problemOf(await callAs(bob, long))).toMatchObject({ code: 'malformed' });
  });

  test('[HT11] streams to whoever brings the ticket of its actor', async () => {
    const answer = await callAs(bob, { method: 'POST', path: pathOf(bob, 'mailbox/stream') });
    const { ticket } = decodeTrusted(ticketAnswer, await bytesOf(answer));
    const upgrade = new Request(`${RELAY_URL}${pathOf(bob, 'mailbox/stream')}`, { headers: { upgrade: 'websocket' } });
    const { status, webSocket: socket } = await send(upgrade);
    expect(status).toBe(101);
    const frame = new Promise<Uint8Array>((resolve) => {
      socket!.addEventListener('message', ({ data }) => resolve(new Uint8Array(data as ArrayBuffer)));
    });
    socket!.accept();
    socket!.binaryType = 'arraybuffer';
    socket!.send(encode(mailboxUpFrame, { kind: 'open', value: { ticket, cursor: 0 } }));
    expect(decodeTrusted(mailboxDownFrame, await frame)).toMatchObject({ kind: 'caughtUp' });
    socket!.close();
  });
});

describe('Envelopes', () => {
  const post = (actor: TestActor, grant: EnvelopePost['grant'], envelope = Uint8Array.of(1, 2, 3)) =>
    callAs(actor, {
      method: 'POST',
      path: pathOf(bob, 'mailbox'),
      body: encode(envelopePost, { grant, envelope }),
    });

  function tokenOf(serial: number): MailboxToken {
    const expiresAt = Date.now() + 60_000;
    const token = { owner: bob.key, bearer: undefined, epoch: 0, serial, uses: 1, expiresAt };
    return { ...token, signature: signEd25519(bob.seed, mailboxTokenContent(token)) };
  }

  async function revoke(revocation: TokenRevocation): Promise<TokenState> {
    const body = encode(tokenRevocation, revocation);
    return decodeTrusted(
      tokenState,
      await bytesOf(await callAs(bob, { method: 'POST', path: pathOf(bob, 'mailbox/tokens'), body })),
    );
  }

  test('[SE1] [SE3] [SE7] come by a token of the owner, until it is revoked', async () => {
    await publish(bob, bob);
    const posted = await post(mallory, { kind: 'token', value: tokenOf(1) });
    expect([posted.status, await posted.text()]).toEqual([204, '']);
    const page = await bytesOf(await callAs(bob, { path: pathOf(bob, 'mailbox') }));
    expect(decodeTrusted(mailboxPage, page)).toMatchObject({
      items: [{ kind: 'envelope', index: 1, content: Uint8Array.of(1, 2, 3) }],
      setAside: 0,
    });
    expect(await revoke({ kind: 'serial', value: { serial: 2 } })).toEqual({ epoch: 0 });
    const revoked = await post(mallory, { kind: 'token', value: tokenOf(2) }, Uint8Array.of(4));
    expect(await problemOf(revoked)).toMatchObject({ code: 'token-revoked' });
    expect(await revoke({ kind: 'epoch', value: { epoch: 1 } })).toEqual({ epoch: 1 });
  });

  test('[SE2] are not permitted without a common chain, and no longer than one', async () => {
    const refused = await post(mallory, { kind: 'chain', value: { chain } });
    expect(await problemOf(refused)).toMatchObject({ code: 'not-permitted' });
    const long = { method: 'POST', path: pathOf(bob, 'mailbox'), body: new Uint8Array(MAX_ENVELOPE_POST_BYTES + 1) };
    expect(await problemOf(await callAs(mallory, long))).toMatchObject({ code: 'body-too-large' });
  });

  test('[MX14] that were set aside are the owner’s to read and discard', async () => {
    const path = pathOf(bob, 'mailbox/set-aside');
    const aside = decodeTrusted(mailboxPage, await bytesOf(await callAs(bob, { path: `${path}?from=1` })));
    expect(aside.items).toEqual([]);
    const discard = { method: 'POST', path: `${path}/ack`, body: encode(mailboxAck, { upTo: 0 }) };
    expect((await callAs(bob, discard)).status).toBe(204);
    for (const call of [{ path }, discard]) {
      expect(await problemOf(await callAs(mallory, call))).toMatchObject({ code: 'not-permitted' });
    }
  });
});
