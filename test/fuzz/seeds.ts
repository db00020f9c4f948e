import {
  appendRequest,
  chainUpFrame,
  commitBundle,
  encode,
  envelopePost,
  eventSignContent,
  keyPackageClaim,
  keyPackageClaims,
  keyPackagePublication,
  mailboxAck,
  mailboxUpFrame,
  memberAdded,
  moduleSubmission,
  sha256,
  signEd25519,
  submission,
  tokenRevocation,
  toBase64Url,
  utf8ToBytes,
  type ChainId,
} from '../../core/index.ts';
import { removalOf } from '../../sdk/mls/proposal.ts';
import type { InhabitedRelay } from '../support/inhabited-relay.ts';
import { chainPath, devicePath } from '../support/relay-caller.ts';
import type { TestActor } from '../support/test-actor.ts';

/** A genuine request, to be spoiled. */
export interface RequestSeed {
  /** As in the API description. */
  readonly route: string;
  readonly path: string;
  readonly signer?: TestActor;
  readonly body?: Uint8Array;
  /**
   * Spoils the event inside the body and signs it anew, as a member with a program of its own would: what the relay looks
   * at behind the signature is reached by nothing else.
   */
  readonly withEvent?: (spoil: (tbs: Uint8Array) => Uint8Array) => Uint8Array;
}

/** A genuine frame of an open socket. */
export interface FrameSeed {
  readonly path: string;
  readonly reader: TestActor;
  readonly frame: Uint8Array;
}

const LATER = 9_999;

/** One of each route, and of the bodies that lead deep into one. */
export async function requestSeeds(relay: InhabitedRelay): Promise<readonly RequestSeed[]> {
  const { alice, bob, plain } = relay;
  const chain = (rest: string): string => chainPath(plain, rest);
  const device = (rest: string): string => devicePath(bob, rest);
  const genuine = [
    { route: 'get /v1/relay', path: '/v1/relay' },
    { route: 'get /v1/registry', path: '/v1/registry' },
    { route: 'get /v1/modules', path: '/v1/modules' },
    { route: 'get /v1/modules/{hash}', path: `/v1/modules/${toBase64Url(sha256(utf8ToBytes('no module')))}` },
    { route: 'get /healthz', path: '/healthz' },
    { route: 'get /openapi.json', path: '/openapi.json' },
    { route: 'get /docs', path: '/docs' },
    { route: 'get /metrics', path: '/metrics' },
    { route: 'get /v1/cluster', path: '/v1/cluster', signer: bob },
    { route: 'post /v1/cluster/scrub', path: '/v1/cluster/scrub', signer: bob },
    { route: 'patch /v1/cluster/nodes/{node}', path: '/v1/cluster/nodes/node-1?state=draining', signer: bob },
    { route: 'get /v1/chains/{chain}/entries', path: chain('entries?from=0&limit=3'), signer: bob },
    {
      route: 'get /v1/chains/{chain}/payloads/{hash}',
      path: chain(`payloads/${toBase64Url(sha256(utf8ToBytes('hello')))}`),
      signer: bob,
    },
    {
      route: 'get /v1/chains/{chain}/blobs/{hash}',
      path: chain(`blobs/${toBase64Url(sha256(utf8ToBytes('no attachment')))}`),
      signer: bob,
    },
    {
      route: 'get /v1/chains/{chain}/blobs',
      path: chain(`blobs?hash=${toBase64Url(sha256(utf8ToBytes('no attachment')))}`),
      signer: bob,
    },
    { route: 'get /v1/chains/{chain}/state', path: chain('state'), signer: bob },
    { route: 'get /v1/chains/{chain}/following', path: chain('following?size=2'), signer: bob },
    { route: 'get /v1/chains/{chain}/group-info', path: chainPath(relay.encrypted, 'group-info'), signer: bob },
    { route: 'get /v1/chains/{chain}/proposals', path: chainPath(relay.encrypted, 'proposals'), signer: bob },
    {
      route: 'get /v1/chains/{chain}/trees/{hash}',
      path: chainPath(relay.encrypted, `trees/${toBase64Url(sha256(utf8ToBytes('no tree')))}`),
      signer: bob,
    },
    { route: 'get /v1/chains/{chain}/log/checkpoint', path: chain('log/checkpoint'), signer: bob },
    { route: 'get /v1/chains/{chain}/log/vkey', path: chain('log/vkey') },
    { route: 'get /v1/chains/{chain}/log/proof/{index}', path: chain('log/proof/1'), signer: bob },
    { route: 'post /v1/chains/{chain}/stream', path: chain('stream'), signer: bob },
    { route: 'get /v1/chains/{chain}/stream', path: chain('stream') },
    { route: 'get /v1/devices/{device}/key-packages', path: device('key-packages'), signer: bob },
    { route: 'get /v1/devices/{device}/mailbox', path: device('mailbox?from=0'), signer: bob },
    { route: 'get /v1/devices/{device}/mailbox/set-aside', path: device('mailbox/set-aside?from=0'), signer: bob },
    { route: 'post /v1/devices/{device}/mailbox/stream', path: device('mailbox/stream'), signer: bob },
    { route: 'get /v1/devices/{device}/mailbox/stream', path: device('mailbox/stream') },
  ];
  return [...genuine, ...(await eventSeeds(relay)), ...(await deviceSeeds(relay)), ...alices(relay, alice)];
}

/** Bodies that carry their own signatures. */
async function eventSeeds(relay: InhabitedRelay): Promise<readonly RequestSeed[]> {
  const { alice, bob, mallory, plain, encrypted } = relay;
  const change = await relay.event(alice, plain, memberAdded, { actor: mallory.key, role: 'reader' });
  const { bundle } = await relay.commit({ add: [mallory] });
  const genesis = relay.genesis(mallory);
  const appended = (chain: ChainId, actor: TestActor, sent: typeof genesis): RequestSeed => ({
    route: 'post /v1/chains/{chain}/events',
    path: chainPath(chain, 'events'),
    body: encode(appendRequest, { submissions: [sent] }),
    withEvent: (spoil) => encode(appendRequest, { submissions: [{ ...sent, ...resigned(sent.event, actor, spoil) }] }),
  });
  const batch = [await relay.message(), relay.logged, await relay.message({}, mallory)];
  return [
    appended(plain, bob, await relay.message()),
    appended(plain, alice, change),
    appended(encrypted, alice, await relay.sealed()),
    appended(encrypted, alice, await relay.proposal({ proposal: removalOf(1) })),
    {
      route: 'post /v1/chains/{chain}/events',
      path: chainPath(plain, 'events'),
      body: encode(appendRequest, { submissions: batch }),
    },
    {
      route: 'post /v1/chains',
      path: '/v1/chains',
      body: encode(submission, genesis),
      withEvent: (spoil) => encode(submission, { ...genesis, ...resigned(genesis.event, mallory, spoil) }),
    },
    {
      route: 'post /v1/chains/{chain}/commits',
      path: chainPath(encrypted, 'commits'),
      body: encode(commitBundle, bundle),
      withEvent: (spoil) => encode(commitBundle, { ...bundle, ...resigned(bundle.event, alice, spoil) }),
    },
    {
      route: 'post /v1/modules',
      path: '/v1/modules',
      body: encode(moduleSubmission, { event: bundle.event, signature: bundle.signature, module: Uint8Array.of(0) }),
    },
  ];
}

function resigned(event: Uint8Array, { seed }: TestActor, spoil: (tbs: Uint8Array) => Uint8Array) {
  const spoiled = spoil(event);
  return { event: spoiled, signature: signEd25519(seed, eventSignContent(spoiled)) };
}

async function deviceSeeds(relay: InhabitedRelay): Promise<readonly RequestSeed[]> {
  const { bob } = relay;
  const keyPackages = await relay.keyPackages(bob, 2);
  const device = (rest: string): string => devicePath(bob, rest);
  return [
    {
      route: 'put /v1/devices/{device}/key-packages',
      path: device('key-packages'),
      signer: bob,
      body: encode(keyPackagePublication, { mode: 'add', keyPackages }),
    },
    {
      route: 'post /v1/devices/{device}/mailbox/ack',
      path: device('mailbox/ack'),
      signer: bob,
      body: encode(mailboxAck, { upTo: LATER }),
    },
    {
      route: 'post /v1/devices/{device}/mailbox/set-aside/ack',
      path: device('mailbox/set-aside/ack'),
      signer: bob,
      body: encode(mailboxAck, { upTo: LATER }),
    },
    {
      route: 'post /v1/devices/{device}/mailbox/tokens',
      path: device('mailbox/tokens'),
      signer: bob,
      body: encode(tokenRevocation, { kind: 'serial', value: { serial: 7 } }),
    },
  ];
}

/** What others ask of Bob's device, and what she brings. */
function alices({ bob, plain }: InhabitedRelay, alice: TestActor): readonly RequestSeed[] {
  const attachment = utf8ToBytes('attached');
  const upload = `blobs?hash=${toBase64Url(sha256(attachment))}`;
  return [
    {
      route: 'post /v1/chains/{chain}/blobs',
      path: chainPath(plain, `${upload}&size=${attachment.length}`),
      signer: alice,
      body: attachment,
    },
    {
      route: 'patch /v1/chains/{chain}/blobs',
      path: chainPath(plain, `${upload}&offset=0`),
      signer: alice,
      body: attachment,
    },
    {
      route: 'post /v1/devices/{device}/key-packages/claim',
      path: devicePath(bob, 'key-packages/claim'),
      signer: alice,
      body: encode(keyPackageClaim, { chain: plain, ciphersuite: 1 }),
    },
    {
      route: 'post /v1/chains/{chain}/claims',
      path: chainPath(plain, 'claims'),
      signer: alice,
      body: encode(keyPackageClaims, { ciphersuite: 1, devices: [bob.key] }),
    },
    {
      route: 'post /v1/devices/{device}/mailbox',
      path: devicePath(bob, 'mailbox'),
      signer: alice,
      body: encode(envelopePost, {
        grant: { kind: 'chain', value: { chain: plain } },
        envelope: utf8ToBytes('sealed'),
      }),
    },
  ];
}

export async function frameSeeds(relay: InhabitedRelay): Promise<readonly FrameSeed[]> {
  const { alice, bob, plain, encrypted } = relay;
  const append = (request: number, sent: typeof relay.logged): Uint8Array =>
    encode(chainUpFrame, { kind: 'append', value: { request, append: { submissions: [sent] } } });
  const mark = new Uint8Array(8);
  const chain = { path: chainPath(plain, 'stream'), reader: bob };
  const mailbox = { path: devicePath(bob, 'mailbox/stream'), reader: bob };
  return [
    { ...chain, frame: append(1, await relay.message()) },
    { ...chain, frame: append(0xffff_ffff, relay.logged) },
    { path: chainPath(encrypted, 'stream'), reader: alice, frame: append(7, await relay.sealed()) },
    { ...chain, frame: encode(chainUpFrame, { kind: 'open', value: { ticket: new Uint8Array(32), cursor: 0 } }) },
    { ...chain, frame: encode(chainUpFrame, { kind: 'progress', value: { mark } }) },
    { ...mailbox, frame: encode(mailboxUpFrame, { kind: 'ack', value: { upTo: LATER } }) },
    { ...mailbox, frame: encode(mailboxUpFrame, { kind: 'progress', value: { mark } }) },
  ];
}

/** Whether success changes what the relay holds. */
export function isWrite({ route }: RequestSeed): boolean {
  return !route.startsWith('get ') && !route.endsWith('/stream');
}
