import {
  DEFAULT_POLICY_FUEL,
  migratePolicy,
  modulePublished,
  moduleRevoked,
  policyBound,
  policyCallFor,
  policyRecorded,
  registrySynced,
  runPolicy,
  sha256,
  toHex,
  type AdmissionRefusal,
  type ChainPolicyCall,
  type Event,
  type ModuleManifest,
  type PolicyExecutor,
  type PolicyInstance,
  type PolicyOutcome,
  type PolicyVerdict,
} from '../../core/index.ts';
import { LogBuilder, type Actor } from '../../scripts/vectors/log-builder.ts';
import {
  ada,
  ben,
  publicationOf,
  registrar,
  registryGenesis,
  revocationOf,
} from '../../scripts/vectors/sample-registry.ts';
import { compileMetered } from '../core/policy/policy-rounds.ts';
import { factsOf, groupAtRelay, relay } from './account-log.ts';

/** Runs modules that it is given, in this Node. */
export class TestExecutor implements PolicyExecutor {
  /** Records that it was asked about, each call's apart. */
  readonly calls: number[] = [];
  readonly #modules = new Map<string, () => PolicyInstance>();

  add(bytes: Uint8Array): Uint8Array {
    const hash = sha256(bytes);
    this.#modules.set(toHex(hash), compileMetered(bytes));
    return hash;
  }

  decideNow(call: ChainPolicyCall): PolicyOutcome {
    const instantiate = this.#instantiate(call.module);
    return call.kind === 'apply' ? runPolicy(instantiate, call) : migratePolicy(instantiate, call);
  }

  async decide(module: Uint8Array, batch: Parameters<PolicyExecutor['decide']>[1]): Promise<readonly PolicyOutcome[]> {
    this.calls.push(batch.events.length);
    const instantiate = this.#instantiate(module);
    let { state } = batch;
    return batch.events.map((event) => {
      const outcome = runPolicy(instantiate, { state, event, fuel: batch.fuel });
      if (outcome.kind === 'accepted' && batch.isReadOnly !== true) state = outcome.state;
      return outcome;
    });
  }

  async migrate(
    module: Uint8Array,
    call: { readonly state: Uint8Array; readonly fuel: number },
  ): Promise<PolicyOutcome> {
    this.calls.push(1);
    return migratePolicy(this.#instantiate(module), call);
  }

  #instantiate(module: Uint8Array): () => PolicyInstance {
    const instantiate = this.#modules.get(toHex(module));
    if (instantiate === undefined) throw new Error('no such module was given');
    return instantiate;
  }
}

/** A registry at the relay, with modules of which the bytes are known to an executor. */
export class TestRegistry {
  readonly log = new LogBuilder(registrar, registryGenesis(undefined, { checkpointKey: relay.key }), {
    isSigned: true,
  });
  readonly executor: TestExecutor;
  #newest: Uint8Array | undefined;
  #version = 0;

  constructor(executor = new TestExecutor()) {
    this.executor = executor;
  }

  /** Publishes the next version of a name. Returns its hash. */
  publish(bytes: Uint8Array, fields: Partial<ModuleManifest> = {}): Uint8Array {
    const hash = this.executor.add(bytes);
    const fuel = DEFAULT_POLICY_FUEL;
    const given = { hash, size: bytes.length, fuel, version: ++this.#version, previous: this.#newest, ...fields };
    this.log.append(registrar, modulePublished, publicationOf(this.log, [ada, ben], given));
    this.#newest = fields.name === undefined ? hash : this.#newest;
    return hash;
  }

  revoke(...modules: readonly Uint8Array[]): void {
    this.log.append(registrar, moduleRevoked, revocationOf(this.log, [ada, ben], { modules }));
  }
}

/** A group at the relay of a registry, whose events its policy decides. */
export class TestPolicyGroup {
  readonly log: LogBuilder;
  readonly registry: TestRegistry;
  readonly owner: Actor;

  constructor(owner: Actor, registry: TestRegistry, log = groupAtRelay(owner)) {
    this.owner = owner;
    this.registry = registry;
    this.log = log;
  }

  /** Brings what is new of the registry. */
  sync(by: Actor = this.owner): number {
    const from = this.log.group.registry?.size ?? 0;
    const facts = factsOf(this.registry.log, { from });
    return this.log.append(by, registrySynced, { registry: this.registry.log.chain, facts });
  }

  bindingEvent(module: Uint8Array, guards: readonly number[] = [], by: Actor = this.owner): Event {
    return this.log.event(by, policyBound, { binding: { registry: this.registry.log.chain, module, guards } });
  }

  bind(module: Uint8Array, guards: readonly number[] = []): number {
    return this.take(this.owner, this.bindingEvent(module, guards));
  }

  recordEvent(by: Actor, ...content: readonly number[]): Event {
    return this.log.event(by, policyRecorded, { content: Uint8Array.from(content) });
  }

  record(by: Actor, ...content: readonly number[]): number {
    return this.take(by, this.recordEvent(by, ...content));
  }

  /** What the policy says of it now; undefined where it is not asked, since another rule refuses it. */
  verdictOn(event: Event): PolicyVerdict | undefined {
    if (this.log.refusalOf(event)?.code !== 'policy-undecided') return undefined;
    const call = policyCallFor(this.log.state, event, this.log.time);
    return call && { call, outcome: this.registry.executor.decideNow(call) };
  }

  /** Appends what is let in. Returns its index. */
  take(by: Actor, event: Event): number {
    return this.log.appendEvent(by, event, this.verdictOn(event));
  }

  refusalOf(event: Event): AdmissionRefusal | undefined {
    return this.log.refusalOf(event, this.verdictOn(event));
  }
}
