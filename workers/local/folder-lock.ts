import { accessSync, constants, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lock as lockFile } from 'proper-lockfile';
import { LocalRelayError } from './local-relay-error.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { writeOwnFile } from './write-file.ts';

interface Holder {
  readonly launcher: ProcessIdentity;
  /** The workerd that has the storage open. It outlives a launcher that was killed. */
  readonly runtime: ProcessIdentity | undefined;
  /** Where it answers, once it does. */
  readonly url?: string | undefined;
}

/**
 * A folder's one relay, as `relay.lock` names it. The lock ends with its processes: what a killed relay leaves behind is
 * taken over at once, unless its workerd still runs, since two of them would write one database.
 */
export class FolderLock {
  readonly folder: string;
  readonly #path: string;
  readonly #launcher: ProcessIdentity;
  #url: string | undefined;

  private constructor(folder: string, launcher: ProcessIdentity) {
    this.folder = folder;
    this.#path = lockPath(folder);
    this.#launcher = launcher;
  }

  /** Makes the folder where it is missing. Throws `folder-unusable`, or `folder-in-use` or `runtime-orphaned`, each with the pid. */
  static async acquire(path: string): Promise<FolderLock> {
    const folder = ownFolder(path);
    const launcher = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' };
    const release = await guard(folder).catch((cause: unknown) => {
      throw unusable(folder, cause);
    });
    try {
      refuseHolder(folder, readHolder(folder));
      const lock = new FolderLock(folder, launcher);
      lock.#write(undefined);
      return lock;
    } catch (cause) {
      throw cause instanceof LocalRelayError ? cause : unusable(folder, cause);
    } finally {
      await release();
    }
  }

  /** Notes the workerd that has the storage open from now on. */
  setRuntime(pid: number): void {
    this.#write(identifyProcess(pid));
  }

  /** Notes where the relay answers: for tools that are given the folder. */
  setUrl(url: string, runtime: number): void {
    this.#url = url;
    this.setRuntime(runtime);
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }

  #write(runtime: ProcessIdentity | undefined): void {
    const holder: Holder = { launcher: this.#launcher, runtime, url: this.#url };
    writeOwnFile(this.#path, `${JSON.stringify(holder)}\n`);
  }
}

/** The real path of a folder that can be written to. */
function ownFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK);
    return realpathSync(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(folder: string, cause: unknown): LocalRelayError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  return new LocalRelayError({ code: 'folder-unusable', folder, cause: code });
}

function lockPath(folder: string): string {
  return join(folder, 'relay.lock');
}

/**
 * Makes reading and taking the lock one step. Held for milliseconds, so the time after which one left by a crash counts
 * as stale is never felt in practice.
 */
function guard(folder: string): Promise<() => Promise<void>> {
  return lockFile(folder, {
    lockfilePath: join(folder, 'relay.lock.guard'),
    stale: 5_000,
    retries: { retries: 100, minTimeout: 20, maxTimeout: 100 },
  });
}

function refuseHolder(folder: string, holder: Holder | undefined): void {
  if (holder === undefined) return;
  const { launcher, runtime } = holder;
  if (isRunning(launcher)) throw new LocalRelayError({ code: 'folder-in-use', folder, pid: launcher.pid });
  if (runtime !== undefined && isRunning(runtime)) {
    throw new LocalRelayError({ code: 'runtime-orphaned', folder, pid: runtime.pid });
  }
}

/** The file is replaced whole, so one that can't be read is no lock that this program wrote. */
export function readHolder(folder: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(lockPath(folder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
