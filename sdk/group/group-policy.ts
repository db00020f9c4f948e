import {
  equalBytes,
  eventDefinitions,
  findModule,
  fromBase64Url,
  GUARDABLE_TYPES,
  HASH_BYTES,
  parseChainId,
  policyBound,
  policyRecorded,
  registrySynced,
  toBase64Url,
  utf8ToBytes,
  type ChainId,
  type EventDefinition,
  type GroupState,
} from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import type { RelayClient } from '../relay-client.ts';
import type { CallOptions } from './group.ts';
import { parseGroupId } from './group-register.ts';
import { nameOfEvent } from './policy-content.ts';
import { readImport } from './read-import.ts';

/** How a policy is put in force. */
export interface BindOptions extends CallOptions {
  /**
   * Names of built-in events that it has to let through, such as `group.message`; none where it is not said. A policy can guard
   * messages, members and roles, commits of an encrypted group, its end, and the naming of accounts (`PB8`).
   */
  readonly guards?: readonly string[];
  /** Registry that vouches for the module, base64url; the one that the relay has pinned where it is not given. */
  readonly registry?: string;
}

/** The policy in force, as of the verified log. */
export interface PolicyView {
  /** SHA-256 of its module, base64url. */
  readonly module: string;
  /** As the registry lists it. */
  readonly name: string;
  readonly version: number;
  /** Names of the events that it guards. */
  readonly guards: readonly string[];
  /** Entry that put this module in force. */
  readonly since: number;
  /** What it has left: its own matter. */
  readonly state: Uint8Array;
}

/**
 * A group's policy: a WebAssembly module that the deployment's admins vouch for, and that decides over records, and over events that it
 * guards. The relay runs it, and so does this client on all that it reads: what a policy would not have let in is refused with its page.
 */
export interface GroupPolicy {
  /**
   * Puts a module in force, by its SHA-256 as base64url, or a later version in the place of the one before, which takes over its
   * state. An owner's. Has the group follow the registry first, where it doesn't. Rejects with `module-not-published`,
   * `module-revoked`, `module-expired`, `policy-in-force`, `policy-migration-failed`.
   */
  bind(module: string, options?: BindOptions): Promise<Delivery>;
  /** Takes it out of force, and its state with it. An owner's. */
  unbind(options?: CallOptions): Promise<Delivery>;
  /**
   * Hands the policy something to decide. The relay reads it, in an encrypted group too. Rejects with `policy-rejected`, whose `reason`
   * in the details is the policy's own number, with `policy-stopped`, and with `no-policy`.
   */
  record(content: string | Uint8Array, options?: CallOptions): Promise<Delivery>;
  /** What is known without asking the relay; undefined without a policy. */
  state(): Promise<PolicyView | undefined>;
}

/** What a policy needs of the group around it. */
interface PolicyHost {
  readonly client: RelayClient;
  /** As it was last verified. */
  readonly state: () => Promise<GroupState>;
  /** Reads what is new; rejects for who is not in. */
  readonly prepare: (signal: AbortSignal | undefined) => Promise<void>;
  readonly append: <Body>(
    definition: EventDefinition<Body>,
    body: Body,
    signal: AbortSignal | undefined,
  ) => Promise<Delivery>;
}

export class FollowedPolicy implements GroupPolicy {
  readonly #host: PolicyHost;

  constructor(host: PolicyHost) {
    this.#host = host;
  }

  async bind(module: string, { guards = [], registry: named, signal }: BindOptions = {}): Promise<Delivery> {
    const hash = fromBase64Url(module);
    if (hash?.length !== HASH_BYTES) throw new TypeError(`no hash of a module: ${module}`);
    const types = guards.map(guardedType).sort((a, b) => a - b);
    await this.#host.prepare(signal);
    const registry = named === undefined ? await this.#pinned(signal) : parseGroupId(named);
    await this.#follow(registry, signal);
    return this.#host.append(policyBound, { binding: { registry, module: hash, guards: types } }, signal);
  }

  async unbind({ signal }: CallOptions = {}): Promise<Delivery> {
    await this.#host.prepare(signal);
    return this.#host.append(policyBound, { binding: undefined }, signal);
  }

  async record(content: string | Uint8Array, { signal }: CallOptions = {}): Promise<Delivery> {
    await this.#host.prepare(signal);
    const bytes = typeof content === 'string' ? utf8ToBytes(content) : content;
    return this.#host.append(policyRecorded, { content: bytes }, signal);
  }

  async state(): Promise<PolicyView | undefined> {
    const { registry, policy } = await this.#host.state();
    if (registry === undefined || policy === undefined) return undefined;
    const { module, guards, since, state } = policy;
    const published = findModule(registry.state, module);
    if (published === undefined) throw new Error('what is in force was published');
    const { name, version } = published.manifest;
    return { module: toBase64Url(module), name, version, guards: guards.map(nameOfEvent), since, state: state.slice() };
  }

  async #pinned(signal: AbortSignal | undefined): Promise<ChainId> {
    const chain = parseChainId((await this.#host.client.registry(signal)).registry);
    if (chain === undefined) throw new Error('a chain id was decoded');
    return chain;
  }

  async #follow(registry: ChainId, signal: AbortSignal | undefined): Promise<void> {
    const { registry: followed } = await this.#host.state();
    if (followed !== undefined && equalBytes(followed.registry, registry)) return;
    const facts = await readImport(this.#host.client, registry, signal);
    await this.#host.append(registrySynced, { registry, facts }, signal);
  }
}

function guardedType(name: string): number {
  const definition = eventDefinitions.find((one) => one.name === name);
  if (definition !== undefined && GUARDABLE_TYPES.has(definition.type)) return definition.type;
  throw new TypeError(`a policy can not guard ${name}`);
}
