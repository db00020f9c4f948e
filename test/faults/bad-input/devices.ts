import {
  encode,
  envelopePost,
  keyPackageClaim,
  mailboxAck,
  mailboxTokenContent,
  MAX_CLAIM_DEVICES,
  MAX_KEY_PACKAGES,
  memberAdded,
  opaque,
  signEd25519,
  struct,
  tokenRevocation,
  uint16,
  vector,
  type ChainId,
  type MailboxToken,
} from '../../../core/index.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import { oddKeyPackage } from '../../sdk/mls/malice.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { mlsIdentityFor } from '../../support/mls-bundles.ts';
import { chainPath, devicePath } from '../../support/relay-caller.ts';
import { TestActor } from '../../support/test-actor.ts';
import type { Attempt, BadInput } from './bad-input.ts';

const YEAR_MS = 366 * 86_400_000;
/** Claims of one device that a chain has in an hour (`KP8`). */
const CLAIMS_AN_HOUR = 10;
/** Envelopes of one sender that wait (`SE4`). */
const LETTERS_OF_A_SENDER = 16;

/** Bob publishes what the row makes. */
function publication(make: (relay: InhabitedRelay) => Promise<readonly Uint8Array[]>): BadInput['make'] {
  return async (relay) => request(relay.publication(relay.bob, relay.bob, await make(relay)));
}

function request(made: Request): Attempt {
  return { kind: 'request', request: made };
}

function claim(relay: InhabitedRelay, by: TestActor, chain: ChainId, { device = relay.bob, ciphersuite = 1 } = {}) {
  const body = encode(keyPackageClaim, { chain, ciphersuite });
  return relay.caller.signed(by, { method: 'POST', path: devicePath(device, 'key-packages/claim'), body });
}

function claims(relay: InhabitedRelay, by: TestActor, chain: ChainId, { ciphersuite = 1, size = 1 } = {}): Request {
  const devices = Array.from({ length: size }, () => relay.bob.key);
  const body = encode(struct('Claims', { ciphersuite: uint16, devices: vector(opaque(32), size) }), {
    ciphersuite,
    devices,
  });
  return relay.caller.signed(by, { method: 'POST', path: chainPath(chain, 'claims'), body });
}

function ack(relay: InhabitedRelay, by: TestActor, upTo: number): Request {
  const body = encode(mailboxAck, { upTo });
  return relay.caller.signed(by, { method: 'POST', path: devicePath(relay.bob, 'mailbox/ack'), body });
}

function badKeyPackage(name: string, reason: string, make: BadInput['make']): BadInput {
  return { name, code: 'invalid-key-package', details: { index: '0', reason }, make };
}

/** In force, and odd in one way. */
function odd(oddities: Parameters<typeof oddKeyPackage>[1]): BadInput['make'] {
  return publication(async ({ bob }) => {
    const now = BigInt(Math.floor(Date.now() / 1000));
    const lifetime = { notBefore: now - 3600n, notAfter: now + 3600n };
    return [await oddKeyPackage(await mlsIdentityFor(bob), { lifetime, ...oddities })];
  });
}

const published: readonly BadInput[] = [
  badKeyPackage(
    '[ML2] a KeyPackage without a binding',
    'credential-unbound',
    odd({ identity: bytesFor('bare', 0, 32) }),
  ),
  badKeyPackage(
    '[ML3] a KeyPackage whose binding somebody else made',
    'key-package-signature',
    publication(async (relay) => {
      const { bob, mallory } = relay;
      const { credentialIdentity } = await mlsIdentityFor(bob);
      const stolen = Uint8Array.of(...credentialIdentity.subarray(0, 32), ...bytesFor('binding', 0, 64));
      return [
        await oddKeyPackage({ ...(await mlsIdentityFor(mallory)), credentialIdentity: stolen }, { lifetime: anHour() }),
      ];
    }),
  ),
  badKeyPackage(
    '[KP2] a KeyPackage of another actor',
    'other-actor',
    publication((relay) => relay.keyPackages(relay.mallory, 1)),
  ),
  badKeyPackage(
    '[ML11] a KeyPackage that has expired',
    'key-package-expired',
    publication((relay) => relay.keyPackages(relay.bob, 1, Date.now() - YEAR_MS)),
  ),
  badKeyPackage(
    '[ML12] a KeyPackage with one key for two purposes',
    'leaf-keys',
    odd({ initKey: new Uint8Array(32).fill(1) }),
  ),
  badKeyPackage(
    '[ML13] a KeyPackage that does not know its own suite',
    'leaf-capabilities',
    odd({ capabilities: { ciphersuites: [] } }),
  ),
  badKeyPackage(
    '[ML6] a KeyPackage with a byte after it',
    'mls-not-canonical',
    publication(async (relay) => {
      const [keyPackage] = await relay.keyPackages(relay.bob, 1);
      return [Uint8Array.of(...(keyPackage as Uint8Array), 0)];
    }),
  ),
  badKeyPackage(
    '[KP2] noise in a KeyPackage’s place',
    'mls-malformed',
    publication(() => Promise.resolve([Uint8Array.of(0, 1, 0, 5, ...bytesFor('noise', 1, 200))])),
  ),
  badKeyPackage(
    '[KP2] a KeyPackage with a flipped bit in its signature',
    'key-package-signature',
    publication(async (relay) => {
      const [keyPackage] = await relay.keyPackages(relay.bob, 1);
      const flipped = (keyPackage as Uint8Array).slice();
      flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1;
      return [flipped];
    }),
  ),
  {
    name: '[KP3] more KeyPackages than the pool holds',
    code: 'key-package-pool-full',
    details: { limit: String(MAX_KEY_PACKAGES) },
    make: publication((relay) => relay.keyPackages(relay.bob, MAX_KEY_PACKAGES)),
  },
  {
    name: '[KP1] a publication for another device',
    code: 'not-permitted',
    make: async (relay) =>
      request(relay.publication(relay.mallory, relay.bob, await relay.keyPackages(relay.mallory, 1))),
  },
  {
    name: '[EN1] a truncated publication',
    code: 'malformed',
    details: { reason: 'truncated' },
    make: ({ caller, bob }) =>
      request(
        caller.signed(bob, { method: 'PUT', path: devicePath(bob, 'key-packages'), body: Uint8Array.of(0, 5, 0) }),
      ),
  },
];

function anHour() {
  const now = BigInt(Math.floor(Date.now() / 1000));
  return { notBefore: now - 3600n, notAfter: now + 3600n };
}

const claiming: readonly BadInput[] = [
  {
    name: '[KP4] a claim by a member who may not invite',
    code: 'not-permitted',
    make: (relay) => request(claim(relay, relay.bob, relay.plain)),
  },
  {
    name: '[KP4] a claim that names a chain which does not exist',
    code: 'not-permitted',
    make: (relay) => request(claim(relay, relay.alice, bytesFor('nowhere', 0, 32) as ChainId)),
  },
  {
    name: '[ML1] a claim of a suite that is not followed',
    code: 'unsupported-ciphersuite',
    make: (relay) => request(claim(relay, relay.alice, relay.plain, { ciphersuite: 4 })),
  },
  {
    name: '[KP7] a claim of a device that has nothing',
    code: 'key-packages-exhausted',
    make: (relay) => request(claim(relay, relay.alice, relay.plain, { device: relay.mallory })),
  },
  {
    name: '[KP12] a claim for several devices by a member who may not invite',
    code: 'not-permitted',
    make: (relay) => request(claims(relay, relay.bob, relay.plain)),
  },
  {
    name: '[KP12] a claim for several devices in a chain which does not exist',
    code: 'not-permitted',
    make: (relay) => request(claims(relay, relay.alice, bytesFor('nowhere', 0, 32) as ChainId)),
  },
  {
    name: '[KP12] a claim for several devices of a suite that is not followed',
    code: 'unsupported-ciphersuite',
    make: (relay) => request(claims(relay, relay.alice, relay.plain, { ciphersuite: 0xf0f0 })),
  },
  {
    name: '[KP12] a claim for more devices than one request may name',
    code: 'malformed',
    details: { reason: 'too-many-items' },
    make: (relay) => request(claims(relay, relay.alice, relay.plain, { size: MAX_CLAIM_DEVICES + 1 })),
  },
  {
    name: '[KP8] a flood of claims',
    code: 'rate-limited',
    make: async (relay) => {
      const { caller, alice, other } = relay;
      const device = new TestActor('a device in demand');
      const stock = await relay.keyPackages(device, CLAIMS_AN_HOUR + 1);
      await caller.bytes(relay.publication(device, device, stock));
      for (let i = 0; i < CLAIMS_AN_HOUR; i++) await caller.bytes(claim(relay, alice, other, { device }));
      return request(claim(relay, alice, other, { device }));
    },
  },
];

const mailboxes: readonly BadInput[] = [
  {
    name: '[MX1] a mailbox read by somebody else',
    code: 'not-permitted',
    make: ({ caller, bob, mallory }) => request(caller.signed(mallory, { path: devicePath(bob, 'mailbox') })),
  },
  {
    name: '[MX1] a mailbox acknowledged by somebody else',
    code: 'not-permitted',
    make: (relay) => request(ack(relay, relay.mallory, 1)),
  },
  {
    name: '[MX6] an acknowledgement of what never came',
    code: 'ack-ahead',
    make: (relay) => request(ack(relay, relay.bob, 1_000)),
  },
  {
    name: '[KP1] a stock counted by somebody else',
    code: 'not-permitted',
    make: ({ caller, bob, mallory }) => request(caller.signed(mallory, { path: devicePath(bob, 'key-packages') })),
  },
  {
    name: '[MX10] the stream of a device that was never here',
    code: 'not-found',
    make: ({ caller, mallory }) =>
      request(caller.request({ path: devicePath(mallory, 'mailbox/stream'), headers: { upgrade: 'websocket' } })),
  },
];

/** An envelope from Mallory, who shares no chain with Bob, by a token of his that is wrong in one way. */
function envelope(token: (relay: InhabitedRelay) => Partial<MailboxToken>): BadInput['make'] {
  return (relay) => {
    const { bob, mallory, caller } = relay;
    const said = { owner: bob.key, bearer: undefined, epoch: 0, serial: 1, uses: 1, expiresAt: Date.now() + 60_000 };
    const wrong = { ...said, ...token(relay) };
    const signature = wrong.signature ?? signEd25519(bob.seed, mailboxTokenContent(wrong));
    const grant = { kind: 'token', value: { ...wrong, signature } } as const;
    const body = encode(envelopePost, { grant, envelope: bytesFor('envelope', 0, 200) });
    return request(caller.signed(mallory, { method: 'POST', path: devicePath(bob, 'mailbox'), body }));
  };
}

function badToken(name: string, reason: string, token: (relay: InhabitedRelay) => Partial<MailboxToken>): BadInput {
  return { name, code: 'token-invalid', details: { reason }, make: envelope(token) };
}

const envelopes: readonly BadInput[] = [
  badToken('[SE3] an envelope by the token of another mailbox', 'owner', ({ alice }) => ({ owner: alice.key })),
  badToken('[SE3] an envelope by a token that somebody else was given', 'bearer', ({ alice }) => ({
    bearer: alice.key,
  })),
  badToken('[SE3] an envelope by a token that nobody signed', 'signature', () => ({ signature: new Uint8Array(64) })),
  badToken('[SE3] an envelope by a token for a year', 'lifetime', () => ({ expiresAt: Date.now() + YEAR_MS })),
  {
    name: '[SE3] an envelope by a token that has expired',
    code: 'token-expired',
    make: envelope(() => ({ expiresAt: Date.now() - 1 })),
  },
  {
    name: '[SE7] an envelope by a token of an epoch that is over or to come',
    code: 'token-revoked',
    make: envelope(() => ({ epoch: 9 })),
  },
  {
    name: '[SE7] an envelope by a token for none',
    code: 'token-spent',
    make: envelope(() => ({ uses: 0 })),
  },
  {
    name: '[SE2] an envelope by a chain that its sender is not in',
    code: 'not-permitted',
    make: ({ caller, bob, mallory, plain }) => {
      const grant = { kind: 'chain', value: { chain: plain } } as const;
      const body = encode(envelopePost, { grant, envelope: bytesFor('envelope', 1, 200) });
      return request(caller.signed(mallory, { method: 'POST', path: devicePath(bob, 'mailbox'), body }));
    },
  },
  {
    name: '[SE4] more envelopes than one sender may leave',
    code: 'mailbox-full',
    make: async (relay) => {
      const { caller } = relay;
      const [host, guest] = [new TestActor('a host who writes much'), new TestActor('a guest who is away')];
      const chain = await relay.found(host);
      const guests = { actor: guest.key, role: 'member' } as const;
      await caller.append(chain, await relay.event(host, chain, memberAdded, guests, {}, host));
      await caller.bytes(relay.publication(guest, guest, await relay.keyPackages(guest, 1)));
      const grant = { kind: 'chain', value: { chain } } as const;
      const post = (number: number): Request => {
        const body = encode(envelopePost, { grant, envelope: bytesFor('letter', number, 200) });
        return caller.signed(host, { method: 'POST', path: devicePath(guest, 'mailbox'), body });
      };
      for (let i = 0; i < LETTERS_OF_A_SENDER; i++) await caller.bytes(post(i));
      return request(post(LETTERS_OF_A_SENDER));
    },
  },
  {
    name: '[SE7] a token revoked by somebody else than its owner',
    code: 'not-permitted',
    make: ({ caller, bob, mallory }) => {
      const body = encode(tokenRevocation, { kind: 'serial', value: { serial: 1 } });
      return request(caller.signed(mallory, { method: 'POST', path: devicePath(bob, 'mailbox/tokens'), body }));
    },
  },
];

export const badDeviceCalls: readonly BadInput[] = [...published, ...claiming, ...mailboxes, ...envelopes];
