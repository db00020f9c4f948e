import { decode, encode, equalBytes, opaqueVector, struct, toBase64Url, vector, version } from '../core/index.ts';
import { StorageError, UsageError } from './errors.ts';
import type { PreSharedKey } from './mls/index.ts';
import type { Storage } from './storage.ts';

/** How many pre-shared keys a storage holds. */
export const MAX_PRE_SHARED_KEYS = 64;
const MAX_ID_BYTES = 255;
/** Whoever could guess one would know what it keeps them from: a password is none. */
const MIN_SECRET_BYTES = 16;
const MAX_SECRET_BYTES = 255;

const KEY = 'pre-shared-keys';
const keyCodec = struct('PreSharedKey', { id: opaqueVector(MAX_ID_BYTES), secret: opaqueVector(MAX_SECRET_BYTES) });
const recordCodec = struct('PreSharedKeysRecord', {
  version: version(1),
  keys: vector(keyCodec, MAX_PRE_SHARED_KEYS),
});

/** The keys that the application brought along for encrypted groups, in one record, so that it is sealed where the storage is. */
export class PreSharedKeys {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** In the place of what was there under this id. */
  async keep(id: Uint8Array, secret: Uint8Array): Promise<void> {
    checkLength('id', id, 1, MAX_ID_BYTES);
    checkLength('secret', secret, MIN_SECRET_BYTES, MAX_SECRET_BYTES);
    await this.#change((keys) => [...without(keys, id), { id, secret }]);
  }

  async forget(id: Uint8Array): Promise<void> {
    await this.#change((keys) => without(keys, id));
  }

  async all(): Promise<readonly PreSharedKey[]> {
    const bytes = await this.#storage.read(KEY);
    if (bytes === undefined) return [];
    const record = decode(recordCodec, bytes);
    if (!record.ok) throw new StorageError('storage-damaged', `${KEY} is not what was stored there`);
    return record.value.keys;
  }

  /** Throws for one that is not here, before anything is done that would need it. */
  async named(ids: readonly Uint8Array[]): Promise<readonly PreSharedKey[]> {
    const keys = ids.length === 0 ? [] : await this.all();
    return ids.map((id) => {
      const key = keys.find((known) => equalBytes(known.id, id));
      if (key === undefined) throw new UsageError('unknown-pre-shared-key', `no key is kept under ${toBase64Url(id)}`);
      return key;
    });
  }

  #change(change: (keys: readonly PreSharedKey[]) => readonly PreSharedKey[]): Promise<void> {
    return this.#storage.exclusive(KEY, async () => {
      const keys = change(await this.all());
      if (keys.length > MAX_PRE_SHARED_KEYS) {
        throw new UsageError('too-many-pre-shared-keys', `${MAX_PRE_SHARED_KEYS} keys are kept already`);
      }
      const value = keys.length === 0 ? undefined : encode(recordCodec, { version: 1, keys });
      await this.#storage.commit([{ key: KEY, value }]);
    });
  }
}

function without(keys: readonly PreSharedKey[], id: Uint8Array): readonly PreSharedKey[] {
  return keys.filter((key) => !equalBytes(key.id, id));
}

function checkLength(name: string, { length }: Uint8Array, least: number, most: number): void {
  if (length < least || length > most) throw new RangeError(`${name} has ${least} to ${most} bytes, not ${length}`);
}
