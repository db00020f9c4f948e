import { randomFillSync } from 'node:crypto';
import { isLosing, isShared, lookAtNode, MARKER_BYTES, type NodeMarker, type StorageNode } from '../../relay/index.ts';
import { LATE, within } from '../jobs/index.ts';
import type { Rounds } from './rounds.ts';

/** An operator who looks is not to wait for a dead node. */
const LOOK_MS = 3_000;
/** Of a node that answers, and has somebody else's marker too. */
const SHARED = 'shared';

/** Keeps a marker at each node and looks whether it is there (`CR12`). Its rows are the truth, so that a loss is known after a crash. */
export class NodeWatch {
  readonly #storage: DurableObjectStorage;
  readonly #rounds: Rounds;
  /** By node. Two at once would each find the same loss, the second after the round that the first began. */
  readonly #looks = new Map<string, Promise<string | undefined>>();

  constructor(storage: DurableObjectStorage, rounds: Rounds) {
    this.#storage = storage;
    this.#rounds = rounds;
  }

  /** Why the node can't be used; undefined where it can. Writes down a loss. */
  async look(name: string, node: StorageNode, now: number): Promise<string | undefined> {
    const look = this.#looks.get(name) ?? this.#look(name, node, now);
    this.#looks.set(name, look);
    const fault = await within(LOOK_MS, look);
    return fault === LATE ? 'timeout' : fault;
  }

  /** Whether it had lost what it was given when it was last looked at, and no round that began after that is through. */
  isLosing(name: string): boolean {
    const marker = this.#known(name);
    return marker !== undefined && isLosing(marker, this.#rounds.lastFinished);
  }

  /** Whether the node is nobody else's too, as far as it says (`CR13`). Writes down what it finds. */
  async isAlone(name: string, node: StorageNode): Promise<boolean> {
    const shared = await isShared(node, this.#marker(name));
    if (!shared.ok) return false;
    const marker = this.#marker(name);
    if (shared.value !== (marker.isShared ?? false)) this.#keep(name, { ...marker, isShared: shared.value });
    return !shared.value;
  }

  async #look(name: string, node: StorageNode, now: number): Promise<string | undefined> {
    try {
      const before = this.#marker(name);
      const { marker, fault } = await lookAtNode(node, before, { now, round: this.#rounds.current.number });
      if (marker !== before) this.#keep(name, marker);
      if (fault === undefined) return marker.isShared === true ? SHARED : undefined;
      return 'reason' in fault ? `${fault.code}: ${fault.reason}` : fault.code;
    } finally {
      this.#looks.delete(name);
    }
  }

  /** The same bytes for ever: of several that are on their way to the node, each is the right one. */
  #marker(name: string): NodeMarker {
    const known = this.#known(name);
    if (known !== undefined) return known;
    return this.#keep(name, { bytes: randomFillSync(new Uint8Array(MARKER_BYTES)), until: 0 });
  }

  #keep(name: string, marker: NodeMarker): NodeMarker {
    this.#storage.kv.put(keyOf(name), marker);
    return marker;
  }

  #known(name: string): NodeMarker | undefined {
    return this.#storage.kv.get<NodeMarker>(keyOf(name));
  }
}

function keyOf(node: string): string {
  return `marker/${node}`;
}
