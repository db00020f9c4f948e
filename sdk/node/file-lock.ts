import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { StorageError } from '../errors.ts';

/** A lock whose holder gave no sign of life for so long is taken over: its process is dead or was put to sleep. */
const STALE_MS = 4_000;
const SIGN_OF_LIFE_MS = 1_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/** A lock that is held. */
export interface FileLock {
  /** False once another process has taken over. */
  readonly isHeld: boolean;
  release(): Promise<void>;
}

/**
 * Takes the lock of this name in a folder, which all processes of this machine respect. Waits as long as it takes, or until
 * the signal aborts.
 */
export async function takeFileLock(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
  closeSync(openSync(path, 'a', 0o600));
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    await delay(pauseMs);
  }
}

async function tryLock(path: string): Promise<FileLock | undefined> {
  let isHeld = true;
  try {
    const release = await lockfile.lock(path, {
      realpath: false,
      stale: STALE_MS,
      update: SIGN_OF_LIFE_MS,
      // The default handler throws where nobody can catch it.
      onCompromised: () => {
        isHeld = false;
      },
    });
    return {
      get isHeld() {
        return isHeld;
      },
      release: () => (isHeld ? release() : Promise.resolve()),
    };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw new StorageError('storage-failed', `the lock ${path} can't be taken`, cause);
  }
}
