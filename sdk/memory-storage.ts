import { StorageError } from './errors.ts';
import { Mutex } from './mutex.ts';
import { assertStorageKey, type Storage, type StorageWrite } from './storage.ts';

/** A storage that is gone with the process. Sessions in one process may share it. */
export function memoryStorage(): Storage {
  return new MemoryStorage();
}

class MemoryStorage implements Storage {
  readonly #values = new Map<string, Uint8Array>();
  readonly #mutex = new Mutex();
  #isClosed = false;

  async read(key: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#values.get(key);
  }

  async list(prefix: string): Promise<readonly string[]> {
    this.#assertOpen();
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async commit(writes: readonly StorageWrite[]): Promise<void> {
    this.#assertOpen();
    for (const { key } of writes) assertStorageKey(key);
    for (const { key, value } of writes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value.slice());
    }
  }

  async exclusive<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#assertOpen();
    return this.#mutex.run(name, task, signal);
  }

  async close(): Promise<void> {
    await this.#mutex.idle();
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StorageError('storage-closed', 'the storage is closed');
  }
}
