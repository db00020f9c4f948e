/** One change of a commit: the new value of a key, or `undefined` to delete it. */
export interface StorageWrite {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/**
 * Where a session keeps what it must not forget: keys, verified positions, MLS state, received messages. Several
 * sessions, also of several processes, may share one storage. Keys are non-empty printable ASCII of at most
 * `MAX_STORAGE_KEY_LENGTH` characters.
 */
export interface Storage {
  /** Sees every commit that ended before the call began. The bytes are the caller's to keep and not to change. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** The keys that begin with `prefix`, sorted by code unit. */
  list(prefix: string): Promise<readonly string[]>;
  /** All writes or none, in their order, durable when it resolves. The bytes are copied. */
  commit(writes: readonly StorageWrite[]): Promise<void>;
  /**
   * Runs `task` while no other call with this name does, in this process or another; calls wait in turn. Not
   * reentrant: the same name inside its own task would wait for ever. An aborted wait rejects with the signal's reason
   * and never runs the task.
   */
  exclusive<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Waits for what runs. Every later call rejects with `storage-closed`. */
  close(): Promise<void>;
}

/** Characters of the longest key. */
export const MAX_STORAGE_KEY_LENGTH = 512;

/** Throws a TypeError for what can't be a key: keys are made by the program, not received. */
export function assertStorageKey(key: string): void {
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_STORAGE_KEY_LENGTH) throw new TypeError(`no storage key: ${key}`);
}
