import { DAY_MS, toBase64Url, type ObjectKey } from '../../core/index.ts';
import { parseShardPartKey, type ClusterNodes } from '../../relay/index.ts';
import type { ClusterStore } from './store.ts';

/** Asks a chain which of these keys, at this node, belong to nothing that it keeps or is about to. */
export type AskChain = (chain: string, node: string, keys: readonly string[]) => Promise<readonly string[]>;

export interface OrphanScanPort {
  readonly storage: DurableObjectStorage;
  readonly store: ClusterStore;
  readonly ask: AskChain;
  readonly nodes: () => readonly string[];
}

interface Walk {
  /** Nodes that are still to be listed; the first is under way. */
  readonly nodes: readonly string[];
  readonly after: string | undefined;
}

/** Objects of one step. */
const PAGE = 500;
const DELETIONS = 100;
/** What is unknown for so long is nobody's: longer than any upload takes to write down what it has stored. */
const ORPHAN_AGE_MS = DAY_MS;
const WALK = 'orphan-walk';

/**
 * Lists what each node has and asks the chains which of it they know (`CR7`). So it finds what a write, a move or a deletion left
 * behind when it was cut off, and what a node that was away brings back after its blob was deleted.
 */
export class OrphanScan {
  readonly #port: OrphanScanPort;

  constructor(port: OrphanScanPort) {
    this.#port = port;
  }

  /** Lists every node once, from the beginning. */
  begin(): void {
    this.#keep({ nodes: this.#port.nodes(), after: undefined });
  }

  get isUnderway(): boolean {
    return this.#port.storage.kv.get<Walk>(WALK) !== undefined;
  }

  /** Lists a page, or deletes some of what was unknown for a day. Returns when to go on. */
  async step(cluster: ClusterNodes, now: number): Promise<number | undefined> {
    const walk = this.#port.storage.kv.get<Walk>(WALK);
    if (walk !== undefined) {
      await this.#list(cluster, walk, now);
      return now;
    }
    return this.#deleteOld(cluster, now);
  }

  /** A node that does not answer is passed over: it is listed in the next round. */
  async #list(cluster: ClusterNodes, { nodes, after }: Walk, now: number): Promise<void> {
    const [name, ...others] = nodes;
    if (name === undefined) return this.#keep(undefined);
    const page = await cluster.node(name)?.list({ limit: PAGE, ...(after !== undefined && { after }) });
    if (page?.ok !== true) return this.#keep({ nodes: others, after: undefined });
    await this.#compare(
      name,
      page.value.objects.map(({ key }) => key),
      now,
    );
    const { next } = page.value;
    this.#keep(next === undefined ? { nodes: others, after: undefined } : { nodes, after: next });
  }

  async #compare(node: string, keys: readonly string[], now: number): Promise<void> {
    const byChain = new Map<string, string[]>();
    for (const key of keys) {
      const place = parseShardPartKey(key);
      // What is no shard's name was put there by somebody else, and is theirs to delete.
      if (place === undefined) continue;
      const chain = toBase64Url(place.chain);
      byChain.set(chain, [...(byChain.get(chain) ?? []), key]);
    }
    for (const [chain, ofChain] of byChain) {
      const unknown = await this.#port.ask(chain, node, ofChain);
      for (const key of unknown) this.#port.store.noteOrphan(node, key, now);
    }
  }

  /** Asks once more before it deletes: a day ago the chain may have been about to write the blob down. */
  async #deleteOld(cluster: ClusterNodes, now: number): Promise<number | undefined> {
    const { store, ask } = this.#port;
    const old = store.orphansSince(now - ORPHAN_AGE_MS, DELETIONS);
    for (const { node, key } of old) {
      const place = parseShardPartKey(key);
      const unknown = place === undefined ? [] : await ask(toBase64Url(place.chain), node, [key]);
      const target = cluster.node(node);
      const isGone = unknown.length === 0 || target === undefined || (await target.delete(key as ObjectKey)).ok;
      if (isGone) store.forgetOrphan(node, key);
      else store.postponeOrphan(node, key, now);
    }
    if (old.length === DELETIONS) return now;
    const oldest = store.oldestOrphan();
    return oldest === undefined ? undefined : oldest + ORPHAN_AGE_MS;
  }

  #keep(walk: Walk | undefined): void {
    if (walk === undefined) this.#port.storage.kv.delete(WALK);
    else this.#port.storage.kv.put(WALK, walk);
  }
}
