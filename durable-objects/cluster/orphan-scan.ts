import { DAY_MS, toBase64Url, type ObjectKey } from '../../core/index.ts';
import { LATE, within } from '../jobs/index.ts';
import { parseShardPartKey, type ClusterNodes, type StorageNode } from '../../relay/index.ts';
import type { ClusterStore } from './store.ts';

/** Asks a chain which of these keys, at this node, belong to nothing that it keeps or is about to. */
export type AskChain = (chain: string, node: string, keys: readonly string[]) => Promise<readonly string[]>;

export interface OrphanScanPort {
  readonly storage: DurableObjectStorage;
  readonly store: ClusterStore;
  readonly ask: AskChain;
  readonly nodes: () => readonly string[];
  /** Whether a node is no other deployment's too, whose objects nobody knows here (`CR13`). */
  readonly isAlone: (name: string, node: StorageNode) => Promise<boolean>;
}

/** How far a node is listed. */
interface Listing {
  readonly node: string;
  /** Where to list on. */
  readonly after?: string | undefined;
  /** Pages that were listed in this round. */
  readonly pages: number;
  /** Whether this round has listed as much of it as it may. */
  readonly isEnough: boolean;
}

/** What a node is listed for in one round. */
export interface ScanBounds {
  readonly pages: number;
  /** Objects of it that wait, unknown, for their day to be over. */
  readonly orphans: number;
  /** How long a chain has to say what it knows. */
  readonly askMs: number;
}

/** What a node lists, or listed. */
interface ListedShard {
  readonly node: string;
  readonly key: string;
}

/** Chains that are asked at a time: those that hang must not take a step's time from all others. */
const ASKED_AT_ONCE = 100;
/** Objects of one step. */
const PAGE = 500;
const DELETIONS = 100;
/** What is unknown for so long is nobody's: longer than any upload takes to write down what it has stored. */
const ORPHAN_AGE_MS = DAY_MS;
/** Millions of objects, and more orphans than any disaster has left: a node that lists what it makes up would never end. */
const BOUNDS: ScanBounds = { pages: 10_000, orphans: 100_000, askMs: 4_000 };
const LISTINGS = 'orphan-listings';

/**
 * Lists what each node has and asks the chains which of it they know (`CR7`). So it finds what a write, a move or a deletion left
 * behind when it was cut off, and what a node that was away brings back after its blob was deleted.
 */
export class OrphanScan {
  readonly #port: OrphanScanPort;
  readonly #bounds: ScanBounds;

  constructor(port: OrphanScanPort, bounds = BOUNDS) {
    this.#port = port;
    this.#bounds = bounds;
  }

  /** Lists every node once, from the beginning, or from where the round before had enough of it. */
  begin(): void {
    const ends = new Map(this.#listings.filter(({ isEnough }) => isEnough).map(({ node, after }) => [node, after]));
    this.#keep(this.#port.nodes().map((node) => ({ node, after: ends.get(node), pages: 0, isEnough: false })));
  }

  /** Lists a page, or deletes some of what was unknown for a day. Returns when to go on. */
  async step(cluster: ClusterNodes, now: number): Promise<number | undefined> {
    const current = this.#listings.find(({ isEnough }) => !isEnough);
    if (current === undefined) return this.#deleteOld(cluster, now);
    const next = await this.#list(cluster, current, now);
    const others = this.#listings.filter(({ node }) => node !== current.node);
    // The others first, so that nobody waits for one that does not end.
    if (this.#isUnderway(current)) this.#keep(next === undefined ? others : [...others, next]);
    return now;
  }

  /** Where to go on; undefined at the end. A node that does not answer is passed over: it is listed in the next round. */
  async #list(cluster: ClusterNodes, listing: Listing, now: number): Promise<Listing | undefined> {
    const { node, after } = listing;
    const page = await cluster.node(node)?.list({ limit: PAGE, ...(after !== undefined && { after }) });
    if (page?.ok !== true) return undefined;
    const { objects, next } = page.value;
    await this.#compare(
      node,
      objects.map(({ key }) => key),
      now,
    );
    const pages = listing.pages + 1;
    const isEnough = pages >= this.#bounds.pages || this.#port.store.countOrphans(node) >= this.#bounds.orphans;
    return next === undefined ? undefined : { node, after: next, pages, isEnough };
  }

  async #compare(node: string, keys: readonly string[], now: number): Promise<void> {
    const unknown = await this.#unknown(keys.map((key) => ({ node, key })));
    for (const { key } of unknown) this.#port.store.noteOrphan(node, key, now);
  }

  /** Asks once more before it deletes: a day ago the chain may have been about to write the blob down. */
  async #deleteOld(cluster: ClusterNodes, now: number): Promise<number | undefined> {
    const { store } = this.#port;
    const old = store.orphansSince(now - ORPHAN_AGE_MS, DELETIONS);
    const away = await this.#notAlone(cluster, new Set(old.map(({ node }) => node)));
    const unknown = await this.#unknown(old);
    for (const shard of old) {
      const { node, key } = shard;
      const target = cluster.node(node);
      const isGone = !unknown.has(shard) || target === undefined;
      if (isGone || (!away.has(node) && (await target.delete(key as ObjectKey)).ok)) store.forgetOrphan(node, key);
      else {
        away.add(node);
        store.postponeOrphan(node, key, now);
      }
    }
    if (old.length === DELETIONS) return now;
    const oldest = store.oldestOrphan();
    return oldest === undefined ? undefined : oldest + ORPHAN_AGE_MS;
  }

  async #notAlone(cluster: ClusterNodes, names: Iterable<string>): Promise<Set<string>> {
    const found = new Set<string>();
    for (const name of names) {
      const node = cluster.node(name);
      if (node !== undefined && !(await this.#port.isAlone(name, node))) found.add(name);
    }
    return found;
  }

  /** Those of these that their chains say they don't know. */
  async #unknown(shards: readonly ListedShard[]): Promise<ReadonlySet<ListedShard>> {
    const groups = groupsOf(shards);
    const unknown = new Set<ListedShard>();
    for (let first = 0; first < groups.length; first += ASKED_AT_ONCE) {
      const asked = groups.slice(first, first + ASKED_AT_ONCE).map(async ({ chain, node, shards: ofChain }) => {
        const keys = new Set(await this.#ask(chain, node, ofChain));
        for (const shard of ofChain) if (keys.has(shard.key)) unknown.add(shard);
      });
      await Promise.all(asked);
    }
    return unknown;
  }

  /** A chain that can't be asked, or hangs, vouches for everything, and keeps nobody from going on. */
  async #ask(chain: string, node: string, shards: readonly ListedShard[]): Promise<readonly string[]> {
    const keys = shards.map(({ key }) => key);
    const answer = await within(this.#bounds.askMs, this.#port.ask(chain, node, keys)).catch(() => []);
    return answer === LATE ? [] : answer;
  }

  /** Whether no other round has begun meanwhile. */
  #isUnderway({ node, after, pages }: Listing): boolean {
    return this.#listings.some((one) => one.node === node && one.after === after && one.pages === pages);
  }

  get #listings(): readonly Listing[] {
    return this.#port.storage.kv.get<readonly Listing[]>(LISTINGS) ?? [];
  }

  #keep(listings: readonly Listing[]): void {
    this.#port.storage.kv.put(LISTINGS, listings);
  }
}

interface AskedOf {
  readonly chain: string;
  readonly node: string;
  readonly shards: ListedShard[];
}

/** By chain and node. What is no shard's name was put there by somebody else, and is theirs to delete. */
function groupsOf(shards: readonly ListedShard[]): readonly AskedOf[] {
  const groups = new Map<string, AskedOf>();
  for (const shard of shards) {
    const place = parseShardPartKey(shard.key);
    if (place === undefined) continue;
    const { node } = shard;
    const chain = toBase64Url(place.chain);
    const group = groups.get(`${chain} ${node}`) ?? { chain, node, shards: [] };
    group.shards.push(shard);
    groups.set(`${chain} ${node}`, group);
  }
  return [...groups.values()];
}
