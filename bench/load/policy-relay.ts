import {
  DAY_MS,
  decodeTrusted,
  DEFAULT_POLICY_FUEL,
  encode,
  entryPage,
  FIRST_ADMIN_EPOCH,
  MODULE_ABI,
  MODULE_MANIFEST_TYPE,
  moduleManifest,
  modulePublished,
  moduleSubmission,
  policyBound,
  preAuthEncoding,
  registrySynced,
  sha256,
  toBase64Url,
  type ChainId,
} from '../../core/index.ts';
import { spawnRelay, type SpawnedRelay } from '../../workers/local.ts';
import { BenchGroup, foundChain, newActor, post, seenOf, signEvent, type LoadActor, type Seen } from './bench-group.ts';

const MAX_PAGES = 256;

interface PolicyRelayOptions {
  readonly folder: string;
  /** Published in this order. */
  readonly modules: readonly Uint8Array[];
}

/** A relay of its own that has pinned a registry of one admin, with modules that its groups may put in force. */
export class PolicyRelay {
  readonly #folder: string;
  readonly #registry: ChainId;
  #relay: SpawnedRelay;

  private constructor(folder: string, registry: ChainId, relay: SpawnedRelay) {
    this.#folder = folder;
    this.#registry = registry;
    this.#relay = relay;
  }

  /** A registry is founded at a relay that can't know it yet, which is then started again with its name. */
  static async open({ folder, modules }: PolicyRelayOptions): Promise<PolicyRelay> {
    const [carrier, admin] = [newActor(), newActor()];
    const first = await spawnRelay({ folder, port: 0 });
    const root = {
      epoch: FIRST_ADMIN_EPOCH,
      keys: [admin.actor],
      threshold: 1,
      expiresAt: Date.now() + DAY_MS,
    };
    const parameters = { kind: 'registry', value: { root } } as const;
    const { chain, seen } = await foundChain(first, carrier, { visibility: 'public', parameters });
    await first.stop();
    const relay = await start(folder, chain);
    const publisher = new Publisher({ relay, chain, carrier, admin, seen });
    for (const module of modules) await publisher.publish(module);
    return new PolicyRelay(folder, chain, relay);
  }

  /** Chain id, base64url. */
  get registry(): string {
    return toBase64Url(this.#registry);
  }

  get relay(): SpawnedRelay {
    return this.#relay;
  }

  /** A group of its own with a published module in force. */
  async foundGroup(module: Uint8Array): Promise<BenchGroup> {
    const group = await BenchGroup.found(this.#relay);
    await group.change(registrySynced, { registry: this.#registry, facts: await this.#facts() });
    const binding = { registry: this.#registry, module: sha256(module), guards: [] };
    await group.change(policyBound, { binding });
    return group;
  }

  /** As a power failure would, and then the same relay again. */
  async killAndStart(): Promise<void> {
    await this.#relay.kill();
    this.#relay = await start(this.#folder, this.#registry);
  }

  async stop(): Promise<void> {
    await this.#relay.stop();
  }

  async #facts() {
    const url = `${this.#relay.url}/v1/chains/${toBase64Url(this.#registry)}/entries?limit=${MAX_PAGES}`;
    const { entries, checkpoint } = decodeTrusted(entryPage, new Uint8Array(await (await fetch(url)).arrayBuffer()));
    return { entries: entries.map(({ entry }) => entry), consistency: [], checkpoint };
  }
}

function start(folder: string, registry: ChainId): Promise<SpawnedRelay> {
  return spawnRelay({ folder, port: 0, variables: { REGISTRY: toBase64Url(registry) } });
}

interface Publishing {
  readonly relay: SpawnedRelay;
  readonly chain: ChainId;
  readonly carrier: LoadActor;
  readonly admin: LoadActor;
  readonly seen: Seen;
}

class Publisher {
  readonly #of: Publishing;
  #seen: Seen;
  #published = 0;

  constructor(of: Publishing) {
    this.#of = of;
    this.#seen = of.seen;
  }

  /** Each is the first version of a name of its own. */
  async publish(module: Uint8Array): Promise<void> {
    const { relay, chain, carrier, admin } = this.#of;
    const manifest = {
      registry: chain,
      name: `policy-${++this.#published}`,
      version: 1,
      previous: undefined,
      abi: MODULE_ABI,
      hash: sha256(module),
      size: module.length,
      fuel: DEFAULT_POLICY_FUEL,
      pages: 32,
      notBefore: Date.now() - 60_000,
      expiresAt: Date.now() + DAY_MS,
      adminEpoch: FIRST_ADMIN_EPOCH,
    };
    const signature = admin.sign(preAuthEncoding(MODULE_MANIFEST_TYPE, encode(moduleManifest, manifest)));
    const body = modulePublished.encodeBody({ manifest, signatures: [{ key: admin.actor, signature }] });
    const signed = signEvent(carrier, { chain, seen: this.#seen, type: modulePublished.type, body });
    this.#seen = seenOf(signed, await post(`${relay.url}/v1/modules`, moduleSubmission, { ...signed, module }));
  }
}
