import {
  encode,
  eventDefinitions,
  eventSignContent,
  eventTbs,
  groupMessage,
  memberAdded,
  parseSignedEvent,
  signEd25519,
  toHex,
  type Event,
  type Json,
} from '../../core/index.ts';
import { LogBuilder } from './log-builder.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  hashOf,
  identityGenesis,
  messageBody,
  proposalBody,
  reinitBody,
  reportBody,
} from './sample-bodies.ts';
import { alice, bob } from './sample-chains.ts';
import {
  ada,
  ben,
  cleo,
  newRegistry,
  publicationOf,
  registryGenesis,
  revocationOf,
  rotationOf,
} from './sample-registry.ts';

/** A signed event: its parts, the bytes under the signature, and the readable form. Bytes are hexadecimal. */
export interface SignedEventVector {
  readonly name: string;
  readonly seed: string;
  readonly tbs: string;
  readonly signContent: string;
  readonly signature: string;
  readonly view: Json;
}

/** Bytes that are no event. */
export interface BadEventVector {
  readonly name: string;
  readonly tbs: string;
  readonly signature: string;
  readonly refusal: Json;
}

/** A body of a built-in type. */
export interface BodyVector {
  readonly type: number;
  readonly name: string;
  readonly body: string;
  readonly view?: Json;
  readonly refusal?: { readonly reason: string; readonly offset: number };
}

const log = new LogBuilder(alice);

export function signedEventVectors(): readonly SignedEventVector[] {
  const events: readonly (readonly [string, Event])[] = [
    ['a genesis', log.genesisEvent(alice, groupGenesis())],
    ['a message', log.event(alice, groupMessage, messageBody)],
    ['an event without a body', log.rawEvent(alice, 0x8000, new Uint8Array())],
    ['a body past the first length prefix', log.rawEvent(alice, 0xffff, new Uint8Array(64).fill(7))],
    [
      'the largest numbers',
      log.rawEvent(alice, 0xffff, new Uint8Array(), { seenIndex: 2 ** 53 - 1, actorTime: 2 ** 53 - 1 }),
    ],
  ];
  return events.map(([name, event]) => {
    const tbs = encode(eventTbs, event);
    const signContent = eventSignContent(tbs);
    const signature = toHex(signEd25519(alice.seed, signContent));
    const shown = { seed: toHex(alice.seed), tbs: toHex(tbs), signContent: toHex(signContent), signature };
    return { name, ...shown, view: eventTbs.view(event) };
  });
}

export function badEventVectors(): readonly BadEventVector[] {
  const tbs = encode(eventTbs, log.event(alice, groupMessage, messageBody));
  const chain = encode(eventTbs, log.event(alice, groupMessage, messageBody, { chain: new Uint8Array(31) }));
  const bodyAt = tbs.length - groupMessage.encodeBody(messageBody).length - 1;
  const cases: readonly (readonly [string, Uint8Array, number])[] = [
    ['no bytes at all', new Uint8Array(), 64],
    ['cut short', tbs.subarray(0, -1), 64],
    ['a byte after the end', Uint8Array.of(...tbs, 0), 64],
    ['version 2', Uint8Array.of(0, 2, ...tbs.subarray(2)), 64],
    ['a chain id of 31 bytes', chain, 64],
    ['a chain id of 33 bytes', Uint8Array.of(0, 1, 33, 0, ...tbs.subarray(3)), 64],
    ['a chain id behind a long length prefix', Uint8Array.of(0, 1, 0x40, 32, ...tbs.subarray(3)), 64],
    [
      'a body behind a long length prefix',
      Uint8Array.of(...tbs.subarray(0, bodyAt), 0x40, ...tbs.subarray(bodyAt)),
      64,
    ],
    ['a seen index above 2^53-1', Uint8Array.of(...tbs.subarray(0, 35), 0, 0x20, ...tbs.subarray(37)), 64],
    ['a signature of 63 bytes', tbs, 63],
    ['a signature of 65 bytes', tbs, 65],
  ];
  return cases.map(([name, bytes, signatureBytes]) => {
    const signature = new Uint8Array(signatureBytes);
    const parsed = parseSignedEvent(bytes, signature);
    if (parsed.ok) throw new Error(`${name} parses`);
    return { name, tbs: toHex(bytes), signature: toHex(signature), refusal: { ...parsed.error } };
  });
}

export function bodyVectors(): readonly BodyVector[] {
  const added = memberAdded.encodeBody({ actor: bob.key, role: 'admin' });
  const genesis = genesisOf(groupGenesis('mls'));
  const report = bodyOf('group.commit-reported', reportBody);
  const commit = bodyOf(
    'group.mls-commit',
    commitBody(0, { added: [{ actor: bob.key, role: 'reader' }], removed: [hashOf('x')] }),
  );
  const reinit = bodyOf('group.mls-reinitialised', reinitBody);
  const leave = bodyOf('group.mls-proposal', proposalBody(1, 'leave'));
  return [
    bodyVector('chain.genesis', genesis),
    bodyVector('chain.genesis', genesisOf(groupGenesis('plain', { visibility: 'public' }))),
    bodyVector('chain.genesis', genesisOf(identityGenesis())),
    bodyVector('group.mls-created', bodyOf('group.mls-created', createdBody)),
    bodyVector('group.mls-commit', commit),
    bodyVector('group.mls-commit', bodyOf('group.mls-commit', commitBody(2 ** 53 - 1))),
    bodyVector('group.message', bodyOf('group.message', messageBody)),
    bodyVector('group.member-added', added),
    bodyVector('group.member-removed', bob.key),
    bodyVector('group.role-changed', added),
    bodyVector('group.commit-reported', report),
    // A role that nobody can be given, modes that this version does not check, and lengths that fit nothing.
    bodyVector('group.member-added', Uint8Array.of(...added.subarray(0, -1), 0)),
    bodyVector('group.role-changed', Uint8Array.of(...added.subarray(0, -1), 5)),
    bodyVector('group.member-removed', Uint8Array.of(...bob.key, 0)),
    bodyVector('group.message', new Uint8Array()),
    // A fault of which nobody here has heard.
    bodyVector('group.commit-reported', Uint8Array.of(...report.subarray(0, -5), 6, 0, 0, 0, 1)),
    bodyVector('chain.genesis', Uint8Array.of(...genesis.subarray(0, -4), 2, 0, 0, 0)),
    bodyVector('chain.genesis', Uint8Array.of(...genesis.subarray(0, -3), 1, 0, 0)),
    bodyVector('chain.genesis', Uint8Array.of(...genesis.subarray(0, -5), 255)),
    bodyVector('group.mls-commit', commit.subarray(0, -1)),
    bodyVector('group.mls-proposal', leave),
    bodyVector('group.mls-proposal', bodyOf('group.mls-proposal', proposalBody(2, 'other'))),
    bodyVector('group.mls-proposal', Uint8Array.of(...leave.subarray(0, 8), 2, ...leave.subarray(9))),
    bodyVector('group.mls-proposal', Uint8Array.of(...leave.subarray(0, 8), 3, ...leave.subarray(9))),
    bodyVector('group.mls-reinitialised', reinit),
    bodyVector('group.mls-reinitialised', reinit.subarray(0, -1)),
    bodyVector('group.predecessor-named', bodyOf('group.predecessor-named', { chain: hashOf('predecessor chain') })),
    bodyVector('group.predecessor-named', new Uint8Array(31)),
    ...identityBodyVectors(),
    ...accountBodyVectors(),
    ...registryBodyVectors(),
    ...policyBodyVectors(),
  ];
}

function registryBodyVectors(): readonly BodyVector[] {
  const registry = newRegistry();
  const rotated = bodyOf('registry.admins-rotated', rotationOf(registry, [ada, ben]));
  const published = bodyOf('registry.module-published', publicationOf(registry));
  const revoked = bodyOf(
    'registry.module-revoked',
    revocationOf(registry, [ada, ben], { modules: [hashOf('x')], keys: [cleo.key] }),
  );
  return [
    bodyVector('chain.genesis', genesisOf(registryGenesis())),
    bodyVector('registry.admins-rotated', rotated),
    bodyVector('registry.admins-rotated', bodyOf('registry.admins-rotated', rotationOf(registry, []))),
    bodyVector('registry.admins-rotated', rotated.subarray(0, -1)),
    bodyVector('registry.module-published', published),
    bodyVector('registry.module-published', Uint8Array.of(...published, 0)),
    bodyVector('registry.module-revoked', revoked),
    // A reason of which nobody here has heard.
    bodyVector('registry.module-revoked', Uint8Array.of(...revoked.subarray(0, 40), 5, ...revoked.subarray(41))),
  ];
}

function accountBodyVectors(): readonly BodyVector[] {
  const facts = { entries: [Uint8Array.of(1, 2, 3)], consistency: [hashOf('node')], checkpoint: 'a checkpoint\n' };
  return ['group.account-named', 'group.identity-synced'].flatMap((name) => {
    const body = bodyOf(name, { identity: hashOf('identity chain'), facts });
    return [bodyVector(name, body), bodyVector(name, body.subarray(0, -1))];
  });
}

function policyBodyVectors(): readonly BodyVector[] {
  const facts = { entries: [Uint8Array.of(1, 2, 3)], consistency: [hashOf('node')], checkpoint: 'a checkpoint\n' };
  const synced = bodyOf('registry.synced', { registry: hashOf('registry chain'), facts });
  const binding = { registry: hashOf('registry chain'), module: hashOf('ledger 1'), guards: [0x0204, 0x0206] };
  const bound = bodyOf('policy.bound', { binding });
  const falling = bound.slice();
  falling.set([2, 6, 2, 4], falling.length - 4);
  return [
    bodyVector('registry.synced', synced),
    bodyVector('registry.synced', synced.subarray(1)),
    bodyVector('policy.bound', bound),
    bodyVector('policy.bound', bodyOf('policy.bound', { binding: undefined })),
    bodyVector('policy.bound', falling),
    bodyVector('policy.record', bodyOf('policy.record', { content: Uint8Array.of(0) })),
    bodyVector('policy.record', Uint8Array.of(2, 0)),
  ];
}

function identityBodyVectors(): readonly BodyVector[] {
  const proof = new Uint8Array(64).fill(7);
  const entrant = { device: bob.key, name: 'Bobs Küche', proof };
  const added = bodyOf('identity.device-added', entrant);
  const revoked = bodyOf('identity.device-revoked', { device: bob.key, reason: 'lost' });
  const recovery = { key: bob.key, waitingMs: 86_400_000, proof };
  const named = bodyOf('identity.recovery-completed', { index: 7 });
  return [
    bodyVector('identity.device-added', added),
    bodyVector('identity.device-added', added.subarray(0, -1)),
    bodyVector('identity.device-added', bodyOf('identity.device-added', { ...entrant, name: 'x'.repeat(64) })),
    bodyVector('identity.device-added', Uint8Array.of(...bob.key, 0x40, 65, ...new Uint8Array(65 + 64).fill(0x78))),
    bodyVector('identity.device-revoked', revoked),
    // A reason of which nobody here has heard.
    bodyVector('identity.device-revoked', Uint8Array.of(...bob.key, 5)),
    bodyVector('identity.device-renamed', bodyOf('identity.device-renamed', { device: bob.key, name: '' })),
    bodyVector('identity.recovery-set', bodyOf('identity.recovery-set', { recovery })),
    bodyVector('identity.recovery-set', bodyOf('identity.recovery-set', { recovery: undefined })),
    bodyVector('identity.recovery-set', Uint8Array.of(2)),
    bodyVector('identity.recovery-started', added),
    bodyVector('identity.recovery-cancelled', named),
    bodyVector('identity.recovery-completed', named),
    bodyVector('identity.recovery-completed', named.subarray(1)),
  ];
}

function genesisOf(genesis: ReturnType<typeof groupGenesis>): Uint8Array {
  return bodyOf('chain.genesis', genesis);
}

function bodyOf(name: string, body: unknown): Uint8Array {
  return definitionOf(name).encodeBody(body);
}

function bodyVector(name: string, body: Uint8Array): BodyVector {
  const definition = definitionOf(name);
  const parsed = definition.decodeBody(body);
  const shown = { type: definition.type, name, body: toHex(body) };
  if (parsed.ok) return { ...shown, view: definition.view(parsed.value) };
  const { reason, offset } = parsed.error;
  return { ...shown, refusal: { reason, offset } };
}

function definitionOf(name: string): (typeof eventDefinitions)[0] {
  const definition = eventDefinitions.find((built) => built.name === name);
  if (definition === undefined) throw new Error(`no event is called ${name}`);
  return definition;
}
