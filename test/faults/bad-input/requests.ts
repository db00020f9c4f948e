import {
  appendRequest,
  encode,
  memberAdded,
  MEDIA_TYPE,
  submission,
  toBase64Url,
  utf8ToBytes,
  type Genesis,
  type ProblemCode,
} from '../../../core/index.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import { alterRequest, type Signing } from '../../workers/relay/signed-request.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { chainPath, devicePath } from '../../support/relay-caller.ts';
import type { Attempt, BadInput } from './bad-input.ts';

function request(made: Request): Attempt {
  return { kind: 'request', request: made };
}

/** A genesis by Mallory, spoiled in a parameter. */
function genesis(name: string, code: ProblemCode, parameters: Partial<Genesis>): BadInput {
  return {
    name,
    code,
    make: (relay) =>
      request(relay.caller.post('/v1/chains', encode(submission, relay.genesis(relay.mallory, parameters)))),
  };
}

const foundings: readonly BadInput[] = [
  genesis('[CH4] a genesis for another relay', 'wrong-relay', { relayName: 'elsewhere.example' }),
  genesis('[CH4] a genesis with another checkpoint key', 'wrong-relay', { checkpointKey: bytesFor('key', 0, 32) }),
  genesis('[CH3] a retention of a second', 'retention-out-of-range', { retentionMs: 1_000 }),
  genesis('[CH3] a retention of a year', 'retention-out-of-range', { retentionMs: 366 * 86_400_000 }),
  genesis('[CH3] a relay name with a line end', 'invalid-relay-name', { relayName: 'two\nlines' }),
  genesis('[CH3] a threshold that nobody can meet', 'invalid-successor-rule', {
    successor: { actors: [bytesFor('key', 1, 32)], threshold: 2 },
  }),
  {
    name: '[CH1] a founding by another event',
    code: 'unknown-event-type',
    make: (relay) => {
      const nothing = { chain: new Uint8Array(), seen: { index: 0, hash: new Uint8Array(32) }, time: Date.now() };
      const { event, signature } = relay.mallory.sign({ ...nothing, type: memberAdded.type, body: new Uint8Array() });
      return request(relay.caller.post('/v1/chains', encode(submission, { event, signature, payload: undefined })));
    },
  },
  {
    name: '[CH1] a genesis that has seen something',
    code: 'unknown-parent',
    make: (relay) => founding(relay, { seen: { index: 1, hash: bytesFor('seen', 0, 32) } }),
  },
  {
    name: '[CH1] a genesis that names a chain',
    code: 'wrong-chain',
    make: (relay) => founding(relay, { chain: relay.plain }),
  },
  {
    name: '[PL1] a genesis with a payload',
    code: 'payload-mismatch',
    make: (relay) => {
      const body = { ...relay.genesis(relay.mallory), payload: new Uint8Array(3) };
      return request(relay.caller.post('/v1/chains', encode(submission, body)));
    },
  },
];

/** Bytes of a sound genesis body under an envelope that is not. */
function founding(relay: InhabitedRelay, changes: object): Attempt {
  const { event } = relay.genesis(relay.mallory);
  const draft = { chain: new Uint8Array(), seen: { index: 0, hash: new Uint8Array(32) }, time: Date.now() };
  // The body follows the type, behind its two-byte length.
  const body = event.slice(1 + 2 + 8 + 32 + 32 + 8 + 16 + 2 + 2);
  const { event: spoiled, signature } = relay.mallory.sign({ ...draft, type: 1, body, ...changes });
  return request(
    relay.caller.post('/v1/chains', encode(submission, { event: spoiled, signature, payload: undefined })),
  );
}

/** A read that Bob may make, under a signature that a row spoils. */
function signing(
  name: string,
  code: ProblemCode,
  details: BadInput['details'],
  spoil: Signing | ((relay: InhabitedRelay) => Signing),
): BadInput {
  return {
    name,
    code,
    ...(details && { details }),
    make: (relay) => {
      const change = typeof spoil === 'function' ? spoil(relay) : spoil;
      return request(relay.caller.signed(relay.bob, { path: chainPath(relay.plain, 'entries') }, change));
    },
  };
}

/** The same read, honestly signed and changed on its way. */
function altered(
  name: string,
  code: ProblemCode,
  alter: (request: Request, relay: InhabitedRelay) => Request,
  details?: BadInput['details'],
): BadInput {
  return {
    name,
    code,
    ...(details && { details }),
    make: (relay) => request(alter(relay.caller.signed(relay.bob, { path: chainPath(relay.plain, 'entries') }), relay)),
  };
}

const now = (): number => Math.floor(Date.now() / 1000);
const reason = (text: string): { readonly reason: string } => ({ reason: text });

const signatures: readonly BadInput[] = [
  {
    name: '[RQ2] a mailbox asked for without a signature',
    code: 'signature-required',
    make: ({ caller, bob }) => request(caller.request({ path: devicePath(bob, 'mailbox') })),
  },
  {
    name: '[RQ9] a private chain read without a signature',
    code: 'not-found',
    make: ({ caller, plain }) => request(caller.request({ path: chainPath(plain, 'entries') })),
  },
  {
    name: '[RQ9] a private chain read by a stranger',
    code: 'not-found',
    make: ({ caller, plain, mallory }) => request(caller.signed(mallory, { path: chainPath(plain, 'state') })),
  },
  {
    name: '[AC3] the state of a chain asked for by a removed member',
    code: 'not-found',
    make: ({ caller, plain, carol }) => request(caller.signed(carol, { path: chainPath(plain, 'state') })),
  },
  signing('[RQ3] a signature that has expired', 'signature-expired', reason('expired'), () => ({
    parameters: { created: now() - 120, expires: now() - 60 },
  })),
  signing('[RQ3] a signature from the far future', 'signature-expired', reason('not-yet-valid'), () => ({
    parameters: { created: now() + 360, expires: now() + 400 },
  })),
  signing('[RQ3] a signature for a whole day', 'signature-expired', reason('lifetime'), () => ({
    parameters: { created: now(), expires: now() + 86_400 },
  })),
  signing('[RQ1] a signature that leaves the query out', 'signature-invalid', reason('components'), {
    components: ['@method', '@authority', '@path', 'content-digest'],
  }),
  signing('[RQ1] a signature under another label', 'signature-invalid', reason('label'), { label: 'other' }),
  signing('[RQ2] a signature without a nonce', 'signature-invalid', reason('parameters'), {
    parameters: { nonce: undefined },
  }),
  signing('[RQ2] a signature by no key', 'signature-invalid', reason('keyid'), { parameters: { keyid: 'bob' } }),
  signing('[RQ2] a signature of another algorithm', 'signature-invalid', reason('algorithm'), {
    parameters: { alg: 'hmac-sha256' },
  }),
  signing('[RQ6] a signature of zeros', 'signature-invalid', reason('mismatch'), { sign: () => new Uint8Array(64) }),
  signing('[RQ6] the signature of another member', 'signature-invalid', reason('mismatch'), ({ bob }) => ({
    seed: bytesFor('thief', 0, 32),
    parameters: { keyid: toBase64Url(bob.key) },
  })),
  altered('[RQ6] a signed request sent to another path', 'signature-invalid', (made, { other, caller }) =>
    alterRequest(made, { url: new URL(chainPath(other, 'entries'), caller.url).href }),
  ),
  altered('[RQ6] a signed request with another query', 'signature-invalid', (made) =>
    alterRequest(made, { url: `${made.url}?from=1` }),
  ),
  altered(
    '[RQ8] a signature that no parser reads',
    'signature-invalid',
    (made) => {
      made.headers.set('signature-input', 'terachat=(((');
      return made;
    },
    reason('malformed'),
  ),
  altered(
    '[RQ8] a signature of five thousand characters',
    'signature-invalid',
    (made) => {
      made.headers.set('signature', `terachat=:${'A'.repeat(5_000)}:`);
      return made;
    },
    reason('malformed'),
  ),
  altered('[RQ1] two signatures under one label', 'signature-invalid', (made) => {
    made.headers.append('signature', made.headers.get('signature') as string);
    made.headers.append('signature-input', made.headers.get('signature-input') as string);
    return made;
  }),
  {
    name: '[RQ5] a nonce played again',
    code: 'nonce-replayed',
    make: async ({ caller, plain, bob }) => {
      const made = caller.signed(bob, { path: chainPath(plain, 'entries') });
      await caller.bytes(made.clone());
      return request(made);
    },
  },
  {
    name: '[RQ4] a body that is not the one under the digest',
    code: 'digest-mismatch',
    make: async (relay) => {
      const made = relay.publication(relay.bob, relay.bob, await relay.keyPackages(relay.bob, 1));
      return request(alterRequest(made, { body: Uint8Array.of(0) }));
    },
  },
  {
    name: '[RQ4] a body slipped under a signed read',
    code: 'body-too-large',
    make: ({ caller, bob }) => {
      const made = caller.signed(bob, { method: 'POST', path: devicePath(bob, 'mailbox/stream') });
      return request(alterRequest(made, { body: Uint8Array.of(1) }));
    },
  },
];

const forms: readonly BadInput[] = [
  {
    name: '[HT2] a body over the limit of its route',
    code: 'body-too-large',
    details: { limitBytes: '4194304' },
    make: ({ caller, plain }) => request(caller.post(chainPath(plain, 'events'), new Uint8Array(4_194_305))),
  },
  {
    name: '[HT3] an event as JSON',
    code: 'unsupported-media-type',
    make: ({ caller, plain }) =>
      request(
        caller.post(chainPath(plain, 'events'), utf8ToBytes('{"type":"group.message"}'), {
          'content-type': 'application/json',
        }),
      ),
  },
  {
    name: '[HT3] JSON that says it is binary',
    code: 'malformed',
    make: ({ caller, plain }) => request(caller.post(chainPath(plain, 'events'), utf8ToBytes('{"type":1}'))),
  },
  {
    name: '[HT3] a body of two types',
    code: 'unsupported-media-type',
    make: async (relay) => {
      const { caller, plain } = relay;
      const made = caller.post(
        chainPath(plain, 'events'),
        encode(appendRequest, { submissions: [await relay.message()] }),
      );
      made.headers.set('content-type', `application/json, ${MEDIA_TYPE}`);
      return request(made);
    },
  },
  {
    name: '[HT1] a path that no route has',
    code: 'not-found',
    make: ({ caller }) => request(caller.request({ path: '/v1/nothing' })),
  },
  {
    name: '[HT1] a method that the route does not take',
    code: 'not-found',
    make: ({ caller, plain }) => request(caller.request({ method: 'DELETE', path: chainPath(plain, 'entries') })),
  },
  {
    name: '[HT1] a stream without a WebSocket',
    code: 'upgrade-required',
    make: ({ caller, plain }) => request(caller.request({ path: chainPath(plain, 'stream') })),
  },
  {
    name: '[WI2] a chain named in another spelling',
    code: 'malformed-request',
    details: { parameter: 'chain' },
    make: ({ caller, plain }) => request(caller.request({ path: `/v1/chains/${toBase64Url(plain)}%3D/entries` })),
  },
  {
    name: '[WI2] a path that climbs',
    code: 'malformed-request',
    details: { parameter: 'chain' },
    make: ({ caller }) => request(caller.request({ path: '/v1/chains/..%2f..%2f/entries' })),
  },
  {
    name: '[WI3] an index that is no number',
    code: 'malformed-request',
    details: { parameter: 'from' },
    make: ({ caller, plain, bob }) => request(caller.signed(bob, { path: chainPath(plain, 'entries?from=-1') })),
  },
  {
    name: '[HT6] a parameter that is given twice',
    code: 'malformed-request',
    details: { parameter: 'limit' },
    make: ({ caller, plain, bob }) =>
      request(caller.signed(bob, { path: chainPath(plain, 'entries?limit=1&limit=2') })),
  },
  {
    name: '[HT6] a parameter that the route does not have',
    code: 'malformed-request',
    details: { parameter: 'form' },
    make: ({ caller, plain, bob }) => request(caller.signed(bob, { path: chainPath(plain, 'entries?form=3') })),
  },
  {
    name: '[WI3] a proof of an entry that is not there',
    code: 'not-found',
    make: ({ caller, plain, bob }) => request(caller.signed(bob, { path: chainPath(plain, 'log/proof/999') })),
  },
  {
    name: '[PL2] a payload that no entry names',
    code: 'not-found',
    make: ({ caller, plain, bob }) =>
      request(caller.signed(bob, { path: chainPath(plain, `payloads/${toBase64Url(bytesFor('hash', 0, 32))}`) })),
  },
  {
    name: '[GM1] the GroupInfo of a group that has none',
    code: 'mls-not-created',
    make: ({ caller, plain, bob }) => request(caller.signed(bob, { path: chainPath(plain, 'group-info') })),
  },
  {
    name: '[RC2] the GroupInfo of an epoch that nobody asks for any more',
    code: 'not-found',
    make: ({ caller, encrypted, bob }) =>
      request(caller.signed(bob, { path: chainPath(encrypted, 'group-info?epoch=0') })),
  },
  {
    name: '[RC2] the GroupInfo of an epoch to come',
    code: 'not-found',
    make: ({ caller, encrypted, bob }) =>
      request(caller.signed(bob, { path: chainPath(encrypted, 'group-info?epoch=3') })),
  },
  {
    name: '[RC2] a GroupInfo for somebody who was removed',
    code: 'not-found',
    make: ({ caller, encrypted, carol }) =>
      request(caller.signed(carol, { path: chainPath(encrypted, 'group-info?epoch=1') })),
  },
  {
    name: '[ML92] a tree that no epoch has',
    code: 'not-found',
    make: ({ caller, encrypted, bob }) =>
      request(caller.signed(bob, { path: chainPath(encrypted, `trees/${toBase64Url(bytesFor('tree', 0, 32))}`) })),
  },
  {
    name: '[RC2] an epoch that is no number',
    code: 'malformed-request',
    details: { parameter: 'epoch' },
    make: ({ caller, encrypted, bob }) =>
      request(caller.signed(bob, { path: chainPath(encrypted, 'group-info?epoch=-1') })),
  },
  {
    name: '[AP3] an append to a chain that does not exist',
    code: 'not-found',
    make: async (relay) => {
      const body = encode(appendRequest, { submissions: [await relay.message()] });
      return request(relay.caller.post(chainPath(bytesFor('nowhere', 1, 32), 'events'), body));
    },
  },
];

export const badRequests: readonly BadInput[] = [...foundings, ...signatures, ...forms];
