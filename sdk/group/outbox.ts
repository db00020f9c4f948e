import {
  decode,
  encode,
  EVENT_ID_BYTES,
  MAX_EVENT_BYTES,
  MAX_PAYLOAD_BYTES,
  opaque,
  opaqueVector,
  SIGNATURE_BYTES,
  struct,
  toBase64Url,
  uint16,
  uint64,
  version,
  type Decoded,
} from '../../core/index.ts';
import type { ChainKeys } from '../chain/chain-keys.ts';
import { StorageError } from '../errors.ts';
import type { Storage, StorageWrite } from '../storage.ts';

const outgoing = struct('OutgoingMessage', {
  version: version(1),
  eventId: opaque(EVENT_ID_BYTES),
  createdAt: uint64,
  contentType: uint16,
  /** What was meant to be said: in an MLS group nobody can read their own ciphertext. */
  content: opaqueVector(MAX_PAYLOAD_BYTES),
  event: opaqueVector(MAX_EVENT_BYTES),
  signature: opaque(SIGNATURE_BYTES),
  payload: opaqueVector(MAX_PAYLOAD_BYTES),
});

/** A message on its way: what it says and the very bytes that carry it, for as long as the log does not show it. */
export type OutgoingMessage = Omit<Decoded<typeof outgoing>, 'version'>;

/** Messages of this identity whose entries were not seen yet. Survives a restart, so that the same bytes can go again. */
export class Outbox {
  readonly #storage: Storage;
  readonly #keys: ChainKeys;

  constructor(storage: Storage, keys: ChainKeys) {
    this.#storage = storage;
    this.#keys = keys;
  }

  put(message: OutgoingMessage): StorageWrite {
    return { key: this.#keyOf(message.eventId), value: encode(outgoing, { ...message, version: 1 }) };
  }

  drop(eventId: Uint8Array): StorageWrite {
    return { key: this.#keyOf(eventId), value: undefined };
  }

  async find(eventId: Uint8Array): Promise<OutgoingMessage | undefined> {
    return this.#read(this.#keyOf(eventId));
  }

  /** In the order in which they were written. */
  async all(): Promise<readonly OutgoingMessage[]> {
    const messages: OutgoingMessage[] = [];
    for (const key of await this.#storage.list(this.#keys.outbox)) {
      const message = await this.#read(key);
      if (message !== undefined) messages.push(message);
    }
    return messages.sort((a, b) => a.createdAt - b.createdAt);
  }

  async #read(key: string): Promise<OutgoingMessage | undefined> {
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const message = decode(outgoing, bytes);
    if (!message.ok) throw new StorageError('storage-damaged', `${key} is ${message.error.reason}`);
    return message.value;
  }

  #keyOf(eventId: Uint8Array): string {
    return `${this.#keys.outbox}${toBase64Url(eventId)}`;
  }
}
