import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../errors.ts';
import { Mutex } from '../mutex.ts';
import { assertStorageKey, type Storage, type StorageWrite } from '../storage.ts';
import { takeFileLock, type FileLock } from './file-lock.ts';
import { JournalFile } from './journal-file.ts';

/** Longest wait for another process that is writing, before the commit fails with `storage-locked`. */
const WRITE_LOCK_DEADLINE_MS = 30_000;

/**
 * A storage in a folder, made with mode 0700 where it is missing. What a commit wrote survives a crash of process and
 * machine (`CL9`), and several processes may use one folder at once. Throws a StorageError where the folder can't be used.
 */
export function fileStorage(folder: string): Storage {
  try {
    mkdirSync(join(folder, 'locks'), { recursive: true, mode: 0o700 });
    return new FileStorage(folder, new JournalFile(folder));
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('storage-failed', `the folder ${folder} can't be used`, cause);
  }
}

class FileStorage implements Storage {
  readonly #folder: string;
  readonly #journal: JournalFile;
  readonly #mutex = new Mutex();
  readonly #held = new Set<FileLock>();
  #isClosed = false;

  constructor(folder: string, journal: JournalFile) {
    this.#folder = folder;
    this.#journal = journal;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#journal.read(key);
  }

  async list(prefix: string): Promise<readonly string[]> {
    this.#assertOpen();
    return this.#journal
      .keys()
      .filter((key) => key.startsWith(prefix))
      .sort();
  }

  async commit(writes: readonly StorageWrite[]): Promise<void> {
    this.#assertOpen();
    for (const { key } of writes) assertStorageKey(key);
    if (writes.length === 0) return;
    await this.#locked('journal', WRITE_LOCK, () => this.#append(writes), AbortSignal.timeout(WRITE_LOCK_DEADLINE_MS));
  }

  async #append(writes: readonly StorageWrite[]): Promise<void> {
    // One whose lock was taken over while it slept must not undo what the other did since.
    for (const lock of this.#held) {
      if (!lock.isHeld) throw new StorageError('lock-lost', 'another process took over a lock that this one held');
    }
    await this.#journal.append(writes);
  }

  async exclusive<T>(name: string, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#assertOpen();
    return this.#locked(`task:${name}`, fileNameOf(name), task, signal);
  }

  /** In turn within this process, then against other processes. */
  async #locked<T>(name: string, file: string, task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#mutex.run(
      name,
      async () => {
        const lock = await this.#take(file, signal);
        this.#held.add(lock);
        try {
          return await task();
        } finally {
          this.#held.delete(lock);
          await lock.release();
        }
      },
      signal,
    );
  }

  async #take(file: string, signal: AbortSignal | undefined): Promise<FileLock> {
    try {
      return await takeFileLock(join(this.#folder, 'locks', file), signal);
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name !== 'TimeoutError') throw cause;
      throw new StorageError('storage-locked', `another process holds ${file} of ${this.#folder}`, cause);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#mutex.idle();
    this.#isClosed = true;
    this.#journal.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StorageError('storage-closed', 'the storage is closed');
  }
}

const WRITE_LOCK = 'journal';

/** Names may hold anything; file names may not, and are as good when hashed. */
function fileNameOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
