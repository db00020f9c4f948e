import { decode, encode, struct, toBase64Url, uint64, vector, version, type Decoded } from '../../core/index.ts';
import { MAX_JOINED_ENTRIES } from '../chain/catch-up.ts';
import type { ChainKeys } from '../chain/chain-keys.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { StorageError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import { storedItem, type StoredItem } from './stored-item.ts';

const recordCodec = struct('TimelineRecord', {
  version: version(1),
  /** First index after those that the record covers, and the key of the next record. */
  end: uint64,
  items: vector(storedItem, MAX_JOINED_ENTRIES),
});

type TimelineRecord = Decoded<typeof recordCodec>;

/** One record a verified page: what its entries meant, in the order of their indexes. */
export function timelineWrite(
  keys: ChainKeys,
  { first, end }: { readonly first: number; readonly end: number },
  items: readonly StoredItem[],
): StorageWrite {
  return { key: keys.timeline(first), value: encode(recordCodec, { version: 1, end, items }) };
}

/** A group's history as this device could read it, kept in its storage: the keys that opened it are long gone. */
export class Timeline {
  readonly #storage: Storage;
  readonly #keys: ChainKeys;

  constructor(storage: Storage, keys: ChainKeys) {
    this.#storage = storage;
    this.#keys = keys;
  }

  /** Items from an index on, to the end of what is stored; returns the index at which later items begin. */
  async *readFrom(from: number): AsyncGenerator<StoredItem, number, undefined> {
    let key = await this.#recordBefore(from);
    let end = from;
    for (;;) {
      const record = await this.#read(key);
      if (record === undefined) return Math.max(from, end);
      for (const item of record.items) if (item.index >= from) yield item;
      end = record.end;
      key = this.#keys.timeline(end);
    }
  }

  /** Where events stand, of those that are named by their ids in base64url, from an index on. */
  async placesOf(eventIds: ReadonlySet<string>, from: number): Promise<ReadonlyMap<string, Delivery>> {
    const places = new Map<string, Delivery>();
    for await (const { eventId, index, relayTime } of this.readFrom(from)) {
      const id = toBase64Url(eventId);
      if (eventIds.has(id)) places.set(id, { index, relayTime });
    }
    return places;
  }

  /** Where the last `count` items that `isWanted` begin; 0 where there are fewer. */
  async startOfLast(count: number, isWanted: (item: StoredItem) => boolean): Promise<number> {
    const keys = await this.#storage.list(this.#keys.timelinePrefix);
    let missing = count;
    for (const key of [...keys].reverse()) {
      const record = await this.#read(key);
      const wanted = record?.items.filter(isWanted) ?? [];
      if (wanted.length >= missing) return wanted.at(wanted.length - missing)?.index ?? record?.end ?? 0;
      missing -= wanted.length;
    }
    return 0;
  }

  /** The record that holds an index, or the one that will. */
  async #recordBefore(index: number): Promise<string> {
    const exact = this.#keys.timeline(index);
    if (index === 0 || (await this.#storage.read(exact)) !== undefined) return exact;
    const keys = await this.#storage.list(this.#keys.timelinePrefix);
    return keys.findLast((key) => key < exact) ?? this.#keys.timeline(0);
  }

  async #read(key: string): Promise<TimelineRecord | undefined> {
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const record = decode(recordCodec, bytes);
    if (!record.ok) throw new StorageError('storage-damaged', `${key} is ${record.error.reason}`);
    return record.value;
  }
}
