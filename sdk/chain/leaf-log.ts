import {
  concatBytes,
  HASH_BYTES,
  nodeHash,
  rangeFromNodes,
  rootOf,
  sha256,
  type LoggedLeaf,
  type ReplayHistory,
} from '../../core/index.ts';
import { StorageError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import type { ChainKeys } from './chain-keys.ts';

const TIME_BYTES = 8;
/** Enough of a SHA-256 that nobody makes two events that share it; a repeated event is then found as surely as by its id. */
const EVENT_KEY_BYTES = 16;
const LEAF_BYTES = HASH_BYTES + TIME_BYTES + EVENT_KEY_BYTES;
/** Leaves of one stored record once it is full. Shorter ones hold what came since, and are joined when they fill it. */
const CHUNK_LEAVES = 256;
/** Subtrees from 2^8 leaves up are remembered, so that a root costs some hundred hashes whatever the size. */
const MEMOISED_LEVEL = 8;
const FIRST_CAPACITY = 256;

/**
 * What replay must remember of a chain's verified entries (`CL7`): leaf hash, relay time and event id, some 56 bytes each.
 * Pushed leaves are kept apart until they are stored, so that a page that turns out bad leaves no trace.
 */
export class LeafLog implements ReplayHistory {
  #bytes = new Uint8Array(FIRST_CAPACITY * LEAF_BYTES);
  #size = 0;
  /** Up to here leaves are stored; the rest belongs to a page that is being verified. */
  #storedSize = 0;
  readonly #eventKeys = new Set<string>();
  /** Keys of the page that is being verified, in order. */
  #claimed: Uint8Array[] = [];
  /** Roots of larger subtrees by level and index, computed once: stored leaves don't change. */
  readonly #nodes = new Map<number, Uint8Array>();
  /** First indexes of the records of the chunk that is not full yet. */
  #openRecords: number[] = [];

  get size(): number {
    return this.#size;
  }

  at(index: number): LoggedLeaf | undefined {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return undefined;
    const start = index * LEAF_BYTES;
    const relayTime = Number(this.#view().getBigUint64(start + HASH_BYTES));
    return { hash: this.#bytes.subarray(start, start + HASH_BYTES), relayTime };
  }

  /** The Merkle root over the first `size` leaves (RFC 9162 §2.1.1). */
  rootAt(size: number): Uint8Array {
    if (size > this.#storedSize)
      throw new RangeError(`${size} is more than the ${this.#storedSize} leaves that are stored`);
    return rootOf(rangeFromNodes(size, (level, index) => this.#node(level, index)));
  }

  #node(level: number, index: number): Uint8Array {
    if (level === 0) return this.#bytes.subarray(index * LEAF_BYTES, index * LEAF_BYTES + HASH_BYTES);
    const name = level * 2 ** 40 + index;
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const node = nodeHash(this.#node(level - 1, index * 2), this.#node(level - 1, index * 2 + 1));
    if (level >= MEMOISED_LEVEL) this.#nodes.set(name, node);
    return node;
  }

  /** Called after `claimEventId` of the same entry, whose key it stores beside the leaf. */
  push({ hash, relayTime }: LoggedLeaf): void {
    if (this.#size * LEAF_BYTES === this.#bytes.length) this.#grow();
    const start = this.#size * LEAF_BYTES;
    this.#bytes.set(hash, start);
    this.#view().setBigUint64(start + HASH_BYTES, BigInt(relayTime));
    const eventKey = this.#claimed.at(-1);
    if (eventKey === undefined) throw new Error('a leaf is pushed after its event id was claimed');
    this.#bytes.set(eventKey, start + HASH_BYTES + TIME_BYTES);
    this.#size += 1;
  }

  claimEventId(actor: Uint8Array, eventId: Uint8Array): boolean {
    const key = sha256(actor, eventId).slice(0, EVENT_KEY_BYTES);
    const name = nameOf(key);
    if (this.#eventKeys.has(name)) return false;
    this.#eventKeys.add(name);
    this.#claimed.push(key);
    return true;
  }

  /** Forgets what was pushed since the last `markStored`: its page did not verify. */
  rollBack(): void {
    for (const key of this.#claimed) this.#eventKeys.delete(nameOf(key));
    this.#claimed = [];
    this.#size = this.#storedSize;
  }

  /** The writes that store what was pushed; `markStored` once they are. */
  pendingWrites(keys: ChainKeys): readonly StorageWrite[] {
    const writes: StorageWrite[] = [];
    let open = this.#openRecords;
    for (let from = this.#storedSize; from < this.#size;) {
      const chunk = from - (from % CHUNK_LEAVES);
      const end = Math.min(this.#size, chunk + CHUNK_LEAVES);
      const isFull = end === chunk + CHUNK_LEAVES;
      if (isFull) writes.push(...open.map((first) => ({ key: keys.leaves(first), value: undefined })));
      const first = isFull ? chunk : from;
      writes.push({ key: keys.leaves(first), value: this.#slice(first, end) });
      open = isFull ? [] : [...open, first];
      from = end;
    }
    return writes;
  }

  markStored(): void {
    const chunk = this.#size - (this.#size % CHUNK_LEAVES);
    if (this.#size === this.#storedSize) return;
    this.#openRecords = this.#openRecords.filter((first) => first >= chunk);
    const next = Math.max(this.#storedSize, chunk);
    if (next < this.#size) this.#openRecords.push(next);
    this.#storedSize = this.#size;
    this.#claimed = [];
  }

  /** Reads what is stored from where this log ends up to `size`. */
  async load(storage: Storage, keys: ChainKeys, size: number): Promise<void> {
    if (this.#size !== this.#storedSize) throw new Error('a page is being verified');
    // Records never cross a chunk, so the one that this log ends in is where to begin.
    let from = this.#size - (this.#size % CHUNK_LEAVES);
    this.#openRecords = [];
    while (from < size) {
      const record = await storage.read(keys.leaves(from));
      if (record === undefined || record.length === 0 || record.length % LEAF_BYTES !== 0) throw damaged(keys, from);
      this.#openRecords.push(from);
      this.#take(record, from);
      from += record.length / LEAF_BYTES;
      if (from % CHUNK_LEAVES === 0) this.#openRecords = [];
    }
    if (from !== size) throw damaged(keys, from);
    this.#storedSize = this.#size;
  }

  #take(record: Uint8Array, first: number): void {
    for (let offset = 0; offset < record.length; offset += LEAF_BYTES) {
      if (first + offset / LEAF_BYTES < this.#size) continue;
      if (this.#size * LEAF_BYTES === this.#bytes.length) this.#grow();
      this.#bytes.set(record.subarray(offset, offset + LEAF_BYTES), this.#size * LEAF_BYTES);
      this.#eventKeys.add(this.#eventKeyAt(this.#size));
      this.#size += 1;
    }
  }

  #eventKeyAt(index: number): string {
    const end = (index + 1) * LEAF_BYTES;
    return nameOf(this.#bytes.subarray(end - EVENT_KEY_BYTES, end));
  }

  #slice(from: number, end: number): Uint8Array {
    return this.#bytes.slice(from * LEAF_BYTES, end * LEAF_BYTES);
  }

  #view(): DataView {
    return new DataView(this.#bytes.buffer);
  }

  #grow(): void {
    this.#bytes = concatBytes(this.#bytes, new Uint8Array(this.#bytes.length)) as Uint8Array<ArrayBuffer>;
  }
}

/** One character a byte: engines store such a string in as many bytes. */
function nameOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function damaged(keys: ChainKeys, index: number): StorageError {
  return new StorageError('storage-damaged', `${keys.root} lacks what it knew of entry ${index}`);
}
