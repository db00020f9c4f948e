import { HASH_BYTES } from '../event/index.ts';
import type { LoggedLeaf } from './admission.ts';
import type { ReplayHistory } from './replay.ts';

const INITIAL_LEAVES = 256;

/** A whole chain's leaf hashes, times and event ids in memory: about 150 bytes an entry. */
export class MemoryHistory implements ReplayHistory {
  #size = 0;
  #hashes = new Uint8Array(INITIAL_LEAVES * HASH_BYTES);
  #times = new Float64Array(INITIAL_LEAVES);
  readonly #eventKeys = new Set<string>();

  /** The entry at an index, without a copy; undefined from the end on. */
  at(index: number): LoggedLeaf | undefined {
    if (index < 0 || index >= this.#size) return undefined;
    const start = index * HASH_BYTES;
    return { hash: this.#hashes.subarray(start, start + HASH_BYTES), relayTime: this.#times[index] as number };
  }

  /** Adds the next one; its hash is copied. */
  push({ hash, relayTime }: LoggedLeaf): void {
    if (this.#size === this.#times.length) this.#grow();
    this.#hashes.set(hash, this.#size * HASH_BYTES);
    this.#times[this.#size] = relayTime;
    this.#size += 1;
  }

  claimEventId(actor: Uint8Array, eventId: Uint8Array): boolean {
    // One character a byte: engines store such a string in as many bytes, which hex or base64 would exceed.
    const key = String.fromCharCode(...actor, ...eventId);
    if (this.#eventKeys.has(key)) return false;
    this.#eventKeys.add(key);
    return true;
  }

  #grow(): void {
    const hashes = new Uint8Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#hashes = hashes;
    this.#times = times;
  }
}
