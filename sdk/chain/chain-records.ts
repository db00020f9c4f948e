import {
  beginReplay,
  decode,
  encode,
  encodeState,
  equalBytes,
  MAX_CHECKPOINT_BYTES,
  parseState,
  struct,
  text,
  toBase64Url,
  type ChainId,
  type ChainState,
} from '../../core/index.ts';
import { ForkError, StorageError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import type { ChainKeys } from './chain-keys.ts';
import { LeafLog } from './leaf-log.ts';
import { encodePosition, parsePosition, type HeldCheckpoint, type Position } from './position.ts';

const forkCodec = struct('ForkEvidence', { held: text(MAX_CHECKPOINT_BYTES), offered: text(MAX_CHECKPOINT_BYTES) });

/**
 * What is stored of one chain's verification (`CL7`), and the same in memory. Another process may have moved it on: `load`,
 * under the chain's lock, before anything is decided on it.
 */
export class ChainRecords {
  readonly #storage: Storage;
  readonly #keys: ChainKeys;
  readonly #chain: ChainId;
  #leaves = new LeafLog();
  #position: Position;
  /** The position as it is stored: whether it is another by now is seen at these bytes. */
  #record: Uint8Array | undefined;

  constructor(storage: Storage, keys: ChainKeys, chain: ChainId) {
    this.#storage = storage;
    this.#keys = keys;
    this.#chain = chain;
    this.#position = beginning(chain);
  }

  get leaves(): LeafLog {
    return this.#leaves;
  }

  get position(): Position {
    return this.#position;
  }

  async isCurrent(): Promise<boolean> {
    return isSame(await this.#storage.read(this.#keys.position), this.#record);
  }

  /** Brings what is in memory up to what is stored. Returns whether that changed it. */
  async load(): Promise<boolean> {
    const record = await this.#storage.read(this.#keys.position);
    if (isSame(record, this.#record)) return false;
    const position =
      record === undefined ? beginning(this.#chain) : parsePosition(record, this.#chain, await this.#loadState());
    // Less than before was stored from the beginning again.
    if (position.cursor.size < this.#leaves.size) this.#leaves = new LeafLog();
    await this.#leaves.load(this.#storage, this.#keys, position.cursor.size);
    this.#position = position;
    this.#record = record;
    return true;
  }

  async #loadState(): Promise<ChainState> {
    const bytes = await this.#storage.read(this.#keys.state);
    const state = bytes && parseState(bytes);
    if (state === undefined) throw new StorageError('storage-damaged', `${this.#keys.state} holds no state`);
    return state;
  }

  /** Stores a new position with what its entries changed, in one commit (`CL8`). */
  async store(position: Position, changes: readonly StorageWrite[]): Promise<void> {
    const record = encodePosition(position);
    await this.#storage.commit([
      { key: this.#keys.position, value: record },
      ...this.#stateWrites(position.cursor.state),
      ...this.#leaves.pendingWrites(this.#keys),
      ...changes,
    ]);
    this.#leaves.markStored();
    this.#position = position;
    this.#record = record;
  }

  /** The state is large where a group is, and most entries leave it as it was. */
  #stateWrites(after: ChainState | undefined): readonly StorageWrite[] {
    if (after === undefined || after.value === this.#position.cursor.state?.value) return [];
    return [{ key: this.#keys.state, value: encodeState(after) }];
  }

  /** Keeps the evidence of a fork for good (`CL5`), and gives the error that it makes from here on. */
  async keepFork(held: HeldCheckpoint, offered: HeldCheckpoint): Promise<ForkError> {
    const evidence = { held: held.note, offered: offered.note };
    await this.#storage.commit([{ key: this.#keys.fork, value: encode(forkCodec, evidence) }]);
    return new ForkError({ chain: toBase64Url(this.#chain), ...evidence });
  }

  async assertNotForked(): Promise<void> {
    const bytes = await this.#storage.read(this.#keys.fork);
    if (bytes === undefined) return;
    const evidence = decode(forkCodec, bytes);
    if (!evidence.ok) throw new StorageError('storage-damaged', `the evidence of a fork is ${evidence.error.reason}`);
    throw new ForkError({ chain: toBase64Url(this.#chain), ...evidence.value });
  }
}

function beginning(chain: ChainId): Position {
  return { cursor: beginReplay(chain), checkpoint: undefined };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
