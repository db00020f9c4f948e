import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { StorageError } from '../errors.ts';

/** A lock whose holder gave no sign of life for so long is taken over: its process hangs or was put to sleep. */
const STALE_MS = 10_000;
/** The same where the holder's process is gone: the least that the library takes, and twice what a living one needs. */
const ORPHANED_MS = 2_000;
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
      // A wrong guess about the process only changes the patience: a living holder renews its lock in either case.
      stale: isAlive(readFileSync(path, 'utf8')) ? STALE_MS : ORPHANED_MS,
      update: SIGN_OF_LIFE_MS,
      // The default handler throws where nobody can catch it.
      onCompromised: () => {
        isHeld = false;
      },
    });
    writeFileSync(path, String(process.pid));
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

/** Whether a process of this machine has that id; one that can't be told lives. */
function isAlive(pid: string): boolean {
  if (!/^\d+$/.test(pid)) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
