import { randomBytes } from 'node:crypto';
import {
  appendAnswer,
  appendRequest,
  chainGenesis,
  chainIdOf,
  contentDigest,
  decode,
  encode,
  entryCodec,
  eventSignContent,
  eventTbs,
  fromBase64Url,
  groupMessage,
  leafHash,
  MAX_RETENTION_MS,
  MEDIA_TYPE,
  memberAdded,
  sha256,
  submission,
  toBase64Url,
  type AppendAnswer,
  type ChainId,
  type Codec,
  type EventDefinition,
  type Genesis,
  type Submission,
} from '../../core/index.ts';
import type { ActorSigner } from '../../sdk/actor-signer.ts';
import { newEventId } from '../../sdk/chain/sign-event.ts';
import { nodeSigner } from '../../sdk/node/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import type { SpawnedRelay } from '../../workers/local.ts';

const PAYLOAD_BYTES = 512;

/** An actor whose signatures are there at once. */
export type LoadActor = Omit<ActorSigner, 'sign'> & {
  readonly seed: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
};

export interface Seen {
  readonly index: number;
  readonly leaf: Uint8Array;
}

/** A private plain group at a relay, and the founder who writes to it. */
export class BenchGroup {
  readonly relay: SpawnedRelay;
  readonly chain: ChainId;
  readonly path: string;
  readonly founder: LoadActor;
  #seen: Seen;

  private constructor(relay: SpawnedRelay, chain: ChainId, founder: LoadActor, genesis: Seen) {
    this.relay = relay;
    this.chain = chain;
    this.path = `/v1/chains/${toBase64Url(chain)}`;
    this.founder = founder;
    this.#seen = genesis;
  }

  static async found(relay: SpawnedRelay): Promise<BenchGroup> {
    const founder = newActor();
    const { chain, seen } = await foundChain(relay, founder, groupOf('plain'));
    return new BenchGroup(relay, chain, founder, seen);
  }

  /** The newest entry that the founder knows. */
  get seen(): Seen {
    return this.#seen;
  }

  /** The same group, at a relay that was started again. */
  movedTo(relay: SpawnedRelay): BenchGroup {
    return new BenchGroup(relay, this.chain, this.founder, this.#seen);
  }

  /** Adds members one after the other: each admission is strict, so it names the one before. */
  async addMembers(count: number): Promise<readonly LoadActor[]> {
    const members = Array.from({ length: count }, newActor);
    for (const { actor } of members) await this.change(memberAdded, { actor, role: 'member' });
    return members;
  }

  /** A strict event of the founder's. */
  async change<Body>(definition: EventDefinition<Body>, body: Body): Promise<void> {
    const change = this.#sign({ type: definition.type, body: definition.encodeBody(body) }, undefined);
    const url = `${this.relay.url}${this.path}/events`;
    this.#seen = seenOf(change, await post(url, appendRequest, { submissions: [change] }));
  }

  /** Events of the founder's without payloads, signed as of now. */
  events(type: number, bodies: readonly Uint8Array[]): Submission[] {
    return bodies.map((body) => this.#sign({ type, body }, undefined));
  }

  /** Messages with random payloads, signed as of now: good for five minutes. */
  messages(count: number, payloadBytes = PAYLOAD_BYTES): Submission[] {
    return Array.from({ length: count }, () => {
      const payload = new Uint8Array(randomBytes(payloadBytes));
      const named = { epoch: 0, contentType: 0, payloadHash: sha256(payload), payloadSize: payload.length };
      return this.#sign({ type: groupMessage.type, body: groupMessage.encodeBody(named) }, payload);
    });
  }

  /** What the relay answers the founder who reads under the chain's path. */
  async read(path: string): Promise<Uint8Array> {
    const url = `${this.relay.url}${this.path}${path}`;
    const platform = { now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
    const request = { method: 'GET', url, digest: contentDigest(new Uint8Array()) };
    const response = await fetch(url, { headers: await signRequest(request, this.founder, platform) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  #sign(event: { readonly type: number; readonly body: Uint8Array }, payload: Uint8Array | undefined): Submission {
    return { ...signEvent(this.founder, { ...event, chain: this.chain, seen: this.#seen }), payload };
  }
}

/** What a genesis says of a private group. */
export function groupOf(membership: 'plain' | 'mls'): GenesisKind {
  return {
    visibility: 'private',
    parameters: {
      kind: 'group',
      value: { membership, handshakes: 'public', credentials: 'bound', authenticatedData: 'required' },
    },
  };
}

/** A chain of one's own, of its genesis alone. */
export async function foundChain(
  relay: SpawnedRelay,
  founder: LoadActor,
  kind: GenesisKind,
): Promise<{ readonly chain: ChainId; readonly seen: Seen }> {
  const genesis = signEvent(founder, {
    chain: new Uint8Array(0),
    seen: { index: 0, leaf: new Uint8Array(32) },
    type: chainGenesis.type,
    body: chainGenesis.encodeBody(genesisOf(relay, founder, kind)),
  });
  const answer = await post(`${relay.url}/v1/chains`, submission, genesis);
  return { chain: chainIdOf({ tbs: genesis.event, signature: genesis.signature }), seen: seenOf(genesis, answer) };
}

export function newActor(): LoadActor {
  const seed = new Uint8Array(randomBytes(32));
  return { seed, ...(nodeSigner(seed) as Omit<LoadActor, 'seed'>) };
}

type GenesisKind = Pick<Genesis, 'visibility' | 'parameters'>;

function genesisOf(relay: SpawnedRelay, { actor }: LoadActor, kind: GenesisKind): Genesis {
  return {
    nonce: new Uint8Array(randomBytes(32)),
    relayName: relay.name,
    checkpointKey: fromBase64Url(relay.publicKey) as Uint8Array,
    successor: { actors: [actor], threshold: 1 },
    retentionMs: MAX_RETENTION_MS,
    ...kind,
  };
}

interface Draft {
  readonly chain: Uint8Array;
  readonly seen: Seen;
  readonly type: number;
  readonly body: Uint8Array;
  readonly eventId?: Uint8Array;
}

export function signEvent({ actor, sign }: LoadActor, { chain, seen, type, body, eventId }: Draft): Submission {
  const event = encode(eventTbs, {
    version: 1,
    chain,
    seenIndex: seen.index,
    seenHash: seen.leaf,
    actor,
    actorTime: Date.now(),
    eventId: eventId ?? newLoadEventId(),
    type,
    body,
  });
  return { event, signature: sign(eventSignContent(event)), payload: undefined };
}

export function newLoadEventId(): Uint8Array {
  return newEventId({ now: Date.now, randomBytes });
}

/** Posts an encoded value and gives the answer; throws at anything but success. */
export async function post<T>(url: string, codec: Codec<T>, value: T): Promise<AppendAnswer> {
  const body = encode(codec, value) as Uint8Array<ArrayBuffer>;
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': MEDIA_TYPE }, body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const answer = decode(appendAnswer, new Uint8Array(await response.arrayBuffer()));
  if (!answer.ok) throw new Error(`${url} gave a malformed answer`);
  return answer.value;
}

/** The entry that an event became, as its receipt says. */
export function seenOf({ event, signature }: Omit<Submission, 'payload'>, { outcomes: [outcome] }: AppendAnswer): Seen {
  if (outcome?.kind !== 'accepted') throw new Error(`an event was refused: ${JSON.stringify(outcome?.value)}`);
  const entry = encode(entryCodec, { ...outcome.value, event, signature });
  return { index: outcome.value.index, leaf: leafHash(entry) };
}
