import {
  admitEvent,
  admitGenesis,
  chainGenesis,
  chainIdOf,
  encode,
  entryCodec,
  eventSignContent,
  eventTbs,
  leafHash,
  publicKeyOf,
  sha256,
  signEd25519,
  utf8ToBytes,
  type Admission,
  type AdmissionRefusal,
  type ChainId,
  type ChainState,
  type ChainView,
  type Event,
  type EventDefinition,
  type Genesis,
  type GroupState,
  type IdentityState,
  type LoggedLeaf,
  type PolicyVerdict,
  type RegistryState,
  type Result,
} from '../../core/index.ts';
import { groupGenesis } from './sample-bodies.ts';

/** 2025-01-01T00:00:00Z. */
export const START_MS = 1_735_689_600_000;
const ZEROS = new Uint8Array(32);

export interface Actor {
  readonly seed: Uint8Array;
  readonly key: Uint8Array;
}

const actors = new Map<string, Actor>();

/** The same key pair for the same name, everywhere. */
export function actorNamed(name: string): Actor {
  const known = actors.get(name);
  if (known !== undefined) return known;
  const seed = sha256(utf8ToBytes(name));
  const actor = { seed, key: publicKeyOf(seed) };
  actors.set(name, actor);
  return actor;
}

export type EventFields = Partial<Omit<Event, 'version' | 'actor' | 'type' | 'body'>>;

/** A chain in memory that takes what core admits. Events are signed only where a test asks for it. */
export class LogBuilder {
  readonly entries: Uint8Array[] = [];
  readonly leaves: LoggedLeaf[] = [];
  readonly chain: ChainId;
  state: ChainState;
  /** The relay's clock, and every actor's unless it says otherwise. */
  time = START_MS;
  readonly #isSigned: boolean;
  #lastEventId = 0;

  constructor(founder: Actor, genesis: Genesis = groupGenesis(), { isSigned = false } = {}) {
    this.#isSigned = isSigned;
    const event = this.genesisEvent(founder, genesis);
    const state = admitGenesis(event, this.time);
    if (!state.ok) throw new Error(`the genesis is refused: ${state.error.code}`);
    this.state = state.value;
    const tbs = encode(eventTbs, event);
    this.chain = chainIdOf({ tbs, signature: this.#sign(founder, tbs) });
    this.#log(tbs, this.#sign(founder, tbs));
  }

  get size(): number {
    return this.entries.length;
  }

  get group(): GroupState {
    if (this.state.kind !== 'group') throw new Error('this chain is no group');
    return this.state.value;
  }

  get identity(): IdentityState {
    if (this.state.kind !== 'identity') throw new Error('this chain is no identity');
    return this.state.value;
  }

  get registry(): RegistryState {
    if (this.state.kind !== 'registry') throw new Error('this chain is no registry');
    return this.state.value;
  }

  genesisEvent(founder: Actor, genesis: Genesis): Event {
    const fields = { chain: new Uint8Array(), seenIndex: 0, seenHash: ZEROS, actorTime: this.time };
    return { ...this.#envelope(founder), ...fields, type: chainGenesis.type, body: chainGenesis.encodeBody(genesis) };
  }

  /** An event that follows the head, unless `fields` say otherwise. */
  event<Body>(actor: Actor, definition: EventDefinition<Body>, body: Body, fields: EventFields = {}): Event {
    return this.rawEvent(actor, definition.type, definition.encodeBody(body), fields);
  }

  rawEvent(actor: Actor, type: number, body: Uint8Array, fields: EventFields = {}): Event {
    const seenIndex = fields.seenIndex ?? this.size - 1;
    const seenHash = this.leaves[seenIndex]?.hash ?? ZEROS;
    const head = { chain: this.chain, seenIndex, seenHash, actorTime: this.time };
    return { ...this.#envelope(actor), ...head, ...fields, type, body };
  }

  admit(event: Event, verdict?: PolicyVerdict): Result<Admission, AdmissionRefusal> {
    return admitEvent(this.view, event, this.time, { clock: this.time, verdict });
  }

  get view(): ChainView {
    return { state: this.state, size: this.size, leafAt: (index) => this.leaves[index] };
  }

  /** Why the event would be refused; nothing is appended. */
  refusalOf(event: Event, verdict?: PolicyVerdict): AdmissionRefusal | undefined {
    const admission = this.admit(event, verdict);
    return admission.ok ? undefined : admission.error;
  }

  codeOf<Body>(actor: Actor, definition: EventDefinition<Body>, body: Body): AdmissionRefusal['code'] | undefined {
    return this.refusalOf(this.event(actor, definition, body))?.code;
  }

  /** Appends an event that must be admitted. Returns its index. */
  append<Body>(actor: Actor, definition: EventDefinition<Body>, body: Body, fields?: EventFields): number {
    return this.appendEvent(actor, this.event(actor, definition, body, fields));
  }

  appendEvent(actor: Actor, event: Event, verdict?: PolicyVerdict): number {
    const admission = this.admit(event, verdict);
    if (!admission.ok) throw new Error(`refused: ${JSON.stringify(admission.error)}`);
    this.state = admission.value.state;
    return this.force(actor, event);
  }

  /** Sequences an event whatever the rules say, as a relay that does not keep them would. */
  force(actor: Actor, event: Event): number {
    const tbs = encode(eventTbs, event);
    return this.#log(tbs, this.#sign(actor, tbs));
  }

  #envelope(actor: Actor): Pick<Event, 'version' | 'actor' | 'eventId'> {
    const eventId = new Uint8Array(16);
    new DataView(eventId.buffer).setUint32(12, ++this.#lastEventId);
    return { version: 1, actor: actor.key, eventId };
  }

  #sign({ seed }: Actor, tbs: Uint8Array): Uint8Array {
    return this.#isSigned ? signEd25519(seed, eventSignContent(tbs)) : new Uint8Array(64);
  }

  #log(event: Uint8Array, signature: Uint8Array): number {
    const index = this.size;
    const prev = this.leaves.at(-1)?.hash ?? ZEROS;
    const entry = encode(entryCodec, { index, prev, relayTime: this.time, event, signature });
    this.entries.push(entry);
    this.leaves.push({ hash: leafHash(entry), relayTime: this.time });
    return index;
  }
}
