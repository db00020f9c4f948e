import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeFailure, Failure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { openProfile, storageFolder, type Profile } from '../profile.ts';
import { fail, pass, warn, type Check } from './check.ts';

/** The profile that acts, if it is there; without it nothing else of it can be looked at. */
export function checkProfile(options: GlobalOptions): { readonly check: Check; readonly profile?: Profile } {
  try {
    const profile = openProfile(options);
    if (!existsSync(join(storageFolder(profile.folder), 'journal'))) {
      const found = `${profile.folder} has lost its storage`;
      return { check: fail('profile', found, 'Restore it: terachat identity restore FILE, or take another profile.') };
    }
    return { check: pass('profile', `${profile.name}, at ${profile.relay}`), profile };
  } catch (cause) {
    const { code, message, hint = 'Restore the folder from a backup.' } = describeFailure(cause);
    // Whoever operates a relay and nothing else has no profile.
    const report = cause instanceof Failure && code === 'no-profile' ? warn : fail;
    return { check: report('profile', message, hint) };
  }
}

/** Keys and messages lie there as they are: nobody else on this machine may read them. */
export function checkPermissions({ folder }: Profile): Check {
  const paths = [folder, storageFolder(folder), join(storageFolder(folder), 'journal')];
  const open = process.platform === 'win32' ? [] : paths.filter((path) => (statSync(path).mode & 0o077) !== 0);
  if (open.length === 0) return pass('permissions', `${folder} is yours alone`);
  return fail('permissions', `others on this machine can read ${open.join(', ')}`, `chmod -R go-rwx ${folder}`);
}

/** A lock is a folder beside the file that names its holder. */
export function checkLocks({ folder }: Profile): Check {
  const locks = join(storageFolder(folder), 'locks');
  const names = existsSync(locks) ? readdirSync(locks).filter((name) => name.endsWith('.lock')) : [];
  const holders = new Set(names.map((name) => holderOf(join(locks, name.slice(0, -'.lock'.length)))));
  const dead = [...holders].filter((pid) => !isAlive(pid));
  if (dead.length > 0) {
    const found = `left behind by process ${dead.join(', ')}, which is gone`;
    return warn('locks', found, 'Nothing to do: the next command waits two seconds and takes over.');
  }
  return pass('locks', holders.size === 0 ? 'none held' : `held by process ${[...holders].join(', ')}, which runs`);
}

function holderOf(path: string): number {
  return existsSync(path) ? Number.parseInt(readFileSync(path, 'utf8')) : Number.NaN;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
