import { decodeTrusted, entryCodec, type LoggedLeaf, type NodeReader } from '../../core/index.ts';
import type { Flush, LoggedEvent, LogReader, StoredLog } from '../../relay/index.ts';
import type { ChainStore } from './store.ts';

/** Leaves kept in memory: members mostly name an entry among the newest as the one they saw. */
const RECENT_LEAVES = 2_048;
/** Older ones that were asked for: who has not looked for a while names the same one again and again. */
const MAX_OLD_LEAVES = 2_048;

/** The stored log as decisions read it. */
export class ChainLog implements LogReader, StoredLog {
  readonly #store: ChainStore;
  readonly #recent = new Map<number, LoggedLeaf>();
  readonly #old = new Map<number, LoggedLeaf>();

  constructor(store: ChainStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#store.log.size();
  }

  readonly node: NodeReader = (level, index) => this.#store.log.node(level, index);

  entryAt(index: number): Uint8Array {
    const entry = this.#store.log.entry(index);
    if (entry === undefined) throw new RangeError(`the log holds no entry ${index}`);
    return entry;
  }

  leafAt(index: number): LoggedLeaf | undefined {
    return this.#recent.get(index) ?? this.#old.get(index) ?? this.#readLeaf(index);
  }

  findEvents(eventKeys: readonly Uint8Array[]): readonly LoggedEvent[] {
    return this.#store.log.eventsOf(eventKeys);
  }

  /** Keeps the leaves of a flush that is stored. */
  remember({ entries }: Flush): void {
    for (const { index, nodes, relayTime } of entries) {
      this.#recent.set(index, { hash: nodes.subarray(0, 32), relayTime });
      this.#recent.delete(index - RECENT_LEAVES);
    }
  }

  #readLeaf(index: number): LoggedLeaf | undefined {
    const entry = this.#store.log.entry(index);
    if (entry === undefined) return undefined;
    const leaf = { hash: this.node(0, index), relayTime: decodeTrusted(entryCodec, entry).relayTime };
    if (this.#old.size >= MAX_OLD_LEAVES) this.#old.clear();
    this.#old.set(index, leaf);
    return leaf;
  }
}
