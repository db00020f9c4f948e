import {
  appendRequest,
  commitReported,
  concatBytes,
  decodeTrusted,
  encode,
  eventSignContent,
  MAX_APPEND_BYTES,
  MAX_BATCH,
  memberAdded,
  memberRemoved,
  mlsCommit,
  opaqueVector,
  parseState,
  roleChanged,
  signEd25519,
  stateAnswer,
  submission,
  utf8ToBytes,
  type ChainId,
  type EventDefinition,
  type ProblemCode,
  type Submission,
} from '../../../core/index.ts';
import {
  signWithMixedOrderKey,
  signWithMixedOrderR,
  signWithSmallOrderKey,
  signWithSmallOrderR,
  withUnreducedScalar,
} from '../../core/crypto/mixed-order.ts';
import { bytesFor } from '../../durable-objects/bytes-for.ts';
import type { InhabitedRelay } from '../../support/inhabited-relay.ts';
import { chainPath } from '../../support/relay-caller.ts';
import type { TestActor } from '../../support/test-actor.ts';
import type { Attempt, BadInput } from './bad-input.ts';

const SIX_MINUTES_MS = 360_000;
/** With the rest of the event it is too long for an entry. */
const LONG_BODY_BYTES = 65_400;
/** Where a field of EventTBS begins: after version, chain, seen index and seen hash. */
const ACTOR_OFFSET = 2 + 33 + 8 + 32;

function append(chain: ChainId, ...submissions: Submission[]): Attempt {
  return { kind: 'append', chain, body: encode(appendRequest, { submissions }) };
}

/** Bob's message, spoiled as a whole request. */
function spoiledBody(spoil: (body: Uint8Array) => Uint8Array): BadInput['make'] {
  return async (relay) => {
    const body = encode(appendRequest, { submissions: [await relay.message()] });
    return { kind: 'append', chain: relay.plain, body: spoil(body) };
  };
}

/** Bob's message with other bytes in it, signed by him as they are. */
function spoiledEvent(spoil: (tbs: Uint8Array) => Uint8Array): BadInput['make'] {
  return async (relay) => {
    const { event, payload } = await relay.message();
    const spoiled = spoil(event);
    const signature = signEd25519(relay.bob.seed, eventSignContent(spoiled));
    return append(relay.plain, { event: spoiled, signature, payload });
  };
}

/** Bob's message under a signature that is not his, or not one at all. */
function spoiledSignature(sign: (sent: Submission, relay: InhabitedRelay) => Submission): BadInput['make'] {
  return async (relay) => append(relay.plain, sign(await relay.message(), relay));
}

/** A forged key in the event, and the signature that fits both. */
function forgedKey(
  forge: (messageOf: (key: Uint8Array, counter: number) => Uint8Array) => { key: Uint8Array; signature: Uint8Array },
): BadInput['make'] {
  return spoiledSignature((sent) => {
    let event = sent.event;
    const { signature } = forge((key, counter) => {
      event = withBytes(sent.event, ACTOR_OFFSET, key);
      const id = new DataView(event.buffer, event.byteOffset + ACTOR_OFFSET + 40);
      id.setUint32(0, counter);
      return eventSignContent(event);
    });
    return { ...sent, event, signature };
  });
}

/** A change by somebody that the group must refuse. */
function change<Body>(
  by: (relay: InhabitedRelay) => TestActor,
  definition: EventDefinition<Body>,
  body: (relay: InhabitedRelay) => Body,
  chain: (relay: InhabitedRelay) => ChainId = ({ plain }) => plain,
): BadInput['make'] {
  return async (relay) => append(chain(relay), await relay.event(by(relay), chain(relay), definition, body(relay)));
}

function withBytes(bytes: Uint8Array, offset: number, part: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(part, offset);
  return copy;
}

/** The same length in four bytes where two are enough. */
function widenOuterLength(body: Uint8Array): Uint8Array {
  const length = body.length - 2;
  return concatBytes(Uint8Array.of(0x80, 0, length >> 8, length & 0xff), body.subarray(2));
}

/** A vector of the same item, as long as one likes. */
function repeated(item: Uint8Array, count: number): Uint8Array {
  return encode(opaqueVector(MAX_APPEND_BYTES), concatBytes(...new Array<Uint8Array>(count).fill(item)));
}

const malformed = (reason: string): Pick<BadInput, 'code' | 'details'> => ({ code: 'malformed', details: { reason } });
const signed = (name: string, make: BadInput['make']): BadInput => ({ name, code: 'bad-signature', make });
const alice = ({ alice: actor }: InhabitedRelay): TestActor => actor;
const bob = ({ bob: actor }: InhabitedRelay): TestActor => actor;

const encodings: readonly BadInput[] = [
  { name: '[EN1] an empty body', ...malformed('truncated'), make: spoiledBody(() => new Uint8Array()) },
  { name: '[EN1] a truncated body', ...malformed('truncated'), make: spoiledBody((body) => body.slice(0, -1)) },
  {
    name: '[EN1] a byte after the body',
    ...malformed('trailing-bytes'),
    make: spoiledBody((body) => concatBytes(body, Uint8Array.of(0))),
  },
  {
    name: '[EN2] a length in more bytes than it needs',
    ...malformed('non-minimal-length'),
    make: spoiledBody(widenOuterLength),
  },
  {
    name: '[EN2] a length with both high bits set',
    ...malformed('invalid-length'),
    make: spoiledBody((body) => withBytes(body, 0, Uint8Array.of(0xff))),
  },
  {
    name: '[EN2] a length of a gigabyte',
    ...malformed('truncated'),
    make: spoiledBody((body) => concatBytes(Uint8Array.of(0xbf, 0xff, 0xff, 0xff), body.subarray(2))),
  },
  { name: '[AP2] a truncated event', ...malformed('truncated'), make: spoiledEvent((tbs) => tbs.slice(0, -1)) },
  {
    name: '[AP2] a byte after an event',
    ...malformed('trailing-bytes'),
    make: spoiledEvent((tbs) => concatBytes(tbs, Uint8Array.of(0))),
  },
  {
    name: '[EN2] a long length prefix within a signed event',
    ...malformed('non-minimal-length'),
    make: spoiledEvent((tbs) => concatBytes(tbs.subarray(0, 2), Uint8Array.of(0x40), tbs.subarray(2))),
  },
  {
    name: '[EN5] an event of another version',
    ...malformed('unknown-version'),
    make: spoiledEvent((tbs) => withBytes(tbs, 0, Uint8Array.of(0, 2))),
  },
  {
    name: '[EN3] a time past 2^53',
    ...malformed('out-of-range'),
    make: spoiledEvent((tbs) => withBytes(tbs, ACTOR_OFFSET + 32, new Uint8Array(8).fill(0xff))),
  },
  {
    name: '[EN5] a role that nobody has',
    ...malformed('unknown-value'),
    make: async (relay) => {
      const added = memberAdded.encodeBody({ actor: relay.mallory.key, role: 'member' });
      const body = withBytes(added, added.length - 1, Uint8Array.of(9));
      return append(
        relay.plain,
        relay.alice.sign({ ...(await relay.place(relay.plain)), type: memberAdded.type, body }),
      );
    },
  },
  {
    name: '[EN7] more submissions than a batch holds',
    ...malformed('too-many-items'),
    make: async (relay) => ({
      kind: 'append',
      chain: relay.plain,
      body: repeated(encode(submission, await relay.message()), MAX_BATCH + 1),
    }),
  },
];

const sizes: readonly BadInput[] = [
  {
    name: '[AP1] an event over its limit',
    code: 'event-too-large',
    details: { limitBytes: '65407' },
    make: async (relay) => append(relay.plain, await relay.message({ body: new Uint8Array(LONG_BODY_BYTES) })),
  },
  {
    name: '[AP1] a payload over its limit',
    code: 'payload-too-large',
    details: { limitBytes: '16384', actualBytes: '16385' },
    make: async (relay) => append(relay.plain, { ...(await relay.message()), payload: new Uint8Array(16_385) }),
  },
];

const places: readonly BadInput[] = [
  {
    name: '[AP3] an event of another group of the same people',
    code: 'wrong-chain',
    make: async (relay) => append(relay.other, await relay.message()),
  },
  {
    name: '[AP3] a logged event played into another group',
    code: 'wrong-chain',
    make: (relay) => append(relay.other, relay.logged),
  },
  {
    name: '[CH1] a genesis in the middle of a chain',
    code: 'wrong-chain',
    make: (relay) => append(relay.plain, relay.genesis(relay.alice)),
  },
  {
    name: '[CH5] an event type that nobody knows',
    code: 'unknown-event-type',
    make: async (relay) => append(relay.plain, await relay.message({ type: 0x02ff })),
  },
  {
    name: '[AP5] an event id with other bytes',
    code: 'event-id-reused',
    details: { index: '4' },
    make: async (relay) => {
      const { event } = relay.logged;
      const eventId = event.slice(ACTOR_OFFSET + 40, ACTOR_OFFSET + 56);
      return append(relay.plain, await relay.message({ eventId }));
    },
  },
  {
    name: '[AP6] a clock 6 minutes behind',
    code: 'clock-skew',
    make: async (relay) => append(relay.plain, await relay.message({ time: Date.now() - SIX_MINUTES_MS })),
  },
  {
    name: '[AP6] a clock 6 minutes ahead',
    code: 'clock-skew',
    make: async (relay) => append(relay.plain, await relay.message({ time: Date.now() + SIX_MINUTES_MS })),
  },
  {
    name: '[AP7] a change that has not seen the change before it',
    code: 'stale-parent',
    details: { head: '4', cursor: '5' },
    make: async (relay) => {
      const seen = { index: 0, hash: (await headOf(relay, 0)).hash };
      const body = { actor: relay.mallory.key, role: 'member' } as const;
      return append(relay.plain, await relay.event(relay.alice, relay.plain, memberAdded, body, { seen }));
    },
  },
  {
    name: '[AP8] a parent that the chain does not have',
    code: 'unknown-parent',
    details: { head: '4' },
    make: async (relay) =>
      append(relay.plain, await relay.message({ seen: { index: 2, hash: bytesFor('fork', 0, 32) } })),
  },
  {
    name: '[AP8] a parent from the future',
    code: 'unknown-parent',
    make: async (relay) => {
      const { hash } = await headOf(relay);
      return append(relay.plain, await relay.message({ seen: { index: 5, hash } }));
    },
  },
  {
    name: '[AP8] a parent from before its actor came in',
    code: 'seen-too-old',
    make: async (relay) => append(relay.plain, await relay.message({ seen: await headOf(relay, 0) })),
  },
];

/** The leaf at an index of the plain group, or its newest. */
async function headOf(relay: InhabitedRelay, at?: number): ReturnType<InhabitedRelay['caller']['head']> {
  return relay.caller.head(relay.alice, relay.plain, at);
}

const signatures: readonly BadInput[] = [
  signed(
    '[AP4] a flipped bit in a signature',
    spoiledSignature((sent) => {
      const signature = sent.signature.slice();
      signature[5] = (signature[5] as number) ^ 1;
      return { ...sent, signature };
    }),
  ),
  signed(
    '[AP4] a signature by another member',
    spoiledSignature((sent, { alice: other }) => ({
      ...sent,
      signature: signEd25519(other.seed, eventSignContent(sent.event)),
    })),
  ),
  signed(
    '[ED8] a signature without the label of events',
    spoiledSignature((sent, { bob: author }) => ({
      ...sent,
      signature: signEd25519(author.seed, sent.event),
    })),
  ),
  signed(
    '[ED6] a malleable signature, S + L',
    spoiledSignature((sent) => ({
      ...sent,
      signature: withUnreducedScalar(sent.signature),
    })),
  ),
  signed(
    '[ED4] a key of small order',
    forgedKey((messageOf) => signWithSmallOrderKey(3, messageOf)),
  ),
  signed(
    '[ED4] an R of small order',
    spoiledSignature((sent, { bob: author }) => ({
      ...sent,
      signature: signWithSmallOrderR(author.seed, eventSignContent(sent.event)).signature,
    })),
  ),
  signed(
    '[ED5] a key of mixed order',
    forgedKey((messageOf) => signWithMixedOrderKey(bytesFor('mixed', 0, 32), 5, messageOf)),
  ),
  signed(
    '[ED1] an R of mixed order',
    spoiledSignature((sent, { bob: author }) => ({
      ...sent,
      signature: signWithMixedOrderR(author.seed, 5, eventSignContent(sent.event)).signature,
    })),
  ),
];

const permissions: readonly BadInput[] = [
  {
    name: '[GR3] a message by a stranger',
    code: 'not-permitted',
    make: async (relay) => append(relay.plain, await relay.message({}, relay.mallory)),
  },
  {
    name: '[GR7] a message by a removed member',
    code: 'actor-removed',
    details: { at: '3' },
    make: async (relay) => append(relay.plain, await relay.message({}, relay.carol)),
  },
  refusedChange(
    '[GR4] an invitation by a member',
    'not-permitted',
    change(bob, memberAdded, ({ mallory }) => ({ actor: mallory.key, role: 'member' })),
  ),
  refusedChange(
    '[GR5] a member once more',
    'already-member',
    change(alice, memberAdded, (relay) => ({ actor: relay.bob.key, role: 'member' })),
  ),
  refusedChange(
    '[GR5] a removal of somebody who is not in',
    'no-such-member',
    change(alice, memberRemoved, ({ mallory }) => ({ actor: mallory.key })),
  ),
  refusedChange(
    '[GR5] the last owner leaves',
    'last-owner',
    change(alice, memberRemoved, (relay) => ({ actor: relay.alice.key })),
  ),
  refusedChange(
    '[GR6] the last owner steps down',
    'last-owner',
    change(alice, roleChanged, (relay) => ({ actor: relay.alice.key, role: 'member' })),
  ),
  refusedChange(
    '[GR2] a member added past the commits of an MLS group',
    'wrong-membership',
    change(
      alice,
      memberAdded,
      ({ mallory }) => ({ actor: mallory.key, role: 'member' }),
      ({ encrypted }) => encrypted,
    ),
  ),
  refusedChange(
    '[GM1] a change of roles in a group that is not created',
    'mls-not-created',
    change(
      alice,
      roleChanged,
      (relay) => ({ actor: relay.alice.key, role: 'owner' }),
      ({ unborn }) => unborn,
    ),
  ),
];

function refusedChange(name: string, code: ProblemCode, make: BadInput['make']): BadInput {
  return { name, code, make };
}

const payloads: readonly BadInput[] = [
  {
    name: '[PL1] a message without its payload',
    code: 'payload-missing',
    make: async (relay) => append(relay.plain, { ...(await relay.message()), payload: undefined }),
  },
  {
    name: '[PL1] a payload that the event does not name',
    code: 'payload-mismatch',
    make: async (relay) => append(relay.plain, { ...(await relay.message()), payload: utf8ToBytes('hellO') }),
  },
  {
    name: '[PL1] a payload beside an event that names none',
    code: 'payload-mismatch',
    make: async (relay) =>
      append(relay.plain, {
        ...(await relay.message({ type: 0x8001, body: new Uint8Array(3) })),
        payload: new Uint8Array(3),
      }),
  },
];

const epochs: readonly BadInput[] = [
  {
    name: '[GM3] a message of an epoch that a removal closed',
    code: 'epoch-closed',
    details: { epoch: '2' },
    make: async (relay) => append(relay.encrypted, await relay.sealed({ state: relay.pastState, epoch: 1 })),
  },
  {
    name: '[GM3] a message of an epoch to come',
    code: 'future-epoch',
    details: { epoch: '2' },
    make: async (relay) => append(relay.encrypted, await relay.sealed({ epoch: 3 })),
  },
  {
    name: '[GM4] a ciphertext of an earlier epoch under the current one',
    code: 'invalid-handshake',
    details: { reason: 'message-epoch' },
    make: async (relay) => append(relay.encrypted, await relay.sealed({ state: relay.pastState })),
  },
  {
    name: '[GM4] a ciphertext that names another author',
    code: 'invalid-handshake',
    details: { reason: 'authenticated-data' },
    make: async (relay) => append(relay.encrypted, await relay.sealed({ boundTo: relay.bob })),
  },
  {
    name: '[MB1] a commit without its bundle',
    code: 'lone-commit',
    make: async (relay) => {
      const { bundle } = await relay.commit();
      const { event, signature, commit } = bundle;
      return append(relay.encrypted, { event, signature, payload: commit });
    },
  },
  {
    name: '[GR2] a commit in a plain group',
    code: 'lone-commit',
    make: async (relay) => {
      const { event, signature } = await relay.message({ type: mlsCommit.type });
      return append(relay.plain, { event, signature, payload: undefined });
    },
  },
];

/** The newest commit of the encrypted group, which was Alice's, as it is reported. */
async function newestCommit({ caller, alice, encrypted }: InhabitedRelay) {
  const answer = await caller.bytes(caller.signed(alice, { path: chainPath(encrypted, 'state') }));
  const state = parseState(decodeTrusted(stateAnswer, answer).state);
  const commit = state?.kind === 'group' ? state.value.mls?.commits.at(-1) : undefined;
  if (commit === undefined) throw new Error('a group in epoch 2 had commits');
  return { index: commit.index, commitHash: commit.commitHash, fault: 'path-secret', leafIndex: 1 } as const;
}

const reports: readonly BadInput[] = [
  {
    name: '[RC6] a report of a commit that nobody made',
    code: 'no-such-commit',
    make: async (relay) => {
      const body = { ...(await newestCommit(relay)), commitHash: bytesFor('hash', 3, 32) };
      return append(relay.encrypted, await relay.event(relay.bob, relay.encrypted, commitReported, body));
    },
  },
  {
    name: '[RC6] a report of an entry that is no commit',
    code: 'no-such-commit',
    make: async (relay) => {
      const body = { ...(await newestCommit(relay)), index: 1 };
      return append(relay.encrypted, await relay.event(relay.bob, relay.encrypted, commitReported, body));
    },
  },
  {
    name: '[RC6] a report by whoever made the commit',
    code: 'own-commit',
    make: async (relay) => {
      const body = await newestCommit(relay);
      return append(relay.encrypted, await relay.event(relay.alice, relay.encrypted, commitReported, body));
    },
  },
  {
    name: '[RC6] a report by a stranger',
    code: 'not-permitted',
    make: async (relay) => {
      const body = await newestCommit(relay);
      return append(relay.encrypted, await relay.event(relay.mallory, relay.encrypted, commitReported, body));
    },
  },
  {
    name: '[RC6] a report in a plain group',
    code: 'wrong-membership',
    make: async (relay) => {
      const body = await newestCommit(relay);
      return append(relay.plain, await relay.event(relay.bob, relay.plain, commitReported, body));
    },
  },
];

export const badEvents: readonly BadInput[] = [
  ...reports,
  ...encodings,
  ...sizes,
  ...places,
  ...signatures,
  ...permissions,
  ...payloads,
  ...epochs,
];
