import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.ts';
import { commandPrefix } from './invocation.ts';
import type { GlobalOptions } from './options.ts';

/** Who acts, and where their relay is. Keys are in the storage beside it. */
export interface Profile {
  readonly name: string;
  readonly folder: string;
  readonly relay: string;
  /** Base64url. */
  readonly actor: string;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const FILE = 'profile.json';

/** The folder of a profile that may not exist yet. */
export function profileFolder({ profile, home }: GlobalOptions): string {
  if (!NAME.test(profile)) {
    throw new Failure('usage', 'invalid-profile', `'${profile}' is no profile name: small letters, digits and dashes.`);
  }
  return join(profilesFolder(home), profile);
}

export function storageFolder(folder: string): string {
  return join(folder, 'storage');
}

export function hasProfile(options: GlobalOptions): boolean {
  return existsSync(join(profileFolder(options), FILE));
}

/** Reads the profile that acts, or says how to make it. */
export function openProfile(options: GlobalOptions): Profile {
  const folder = profileFolder(options);
  if (!hasProfile(options)) {
    const init = `${commandPrefix()} init${options.profile === 'default' ? '' : ` --profile ${options.profile}`}`;
    throw new Failure('failed', 'no-profile', `There is no profile '${options.profile}' yet.`, `Make it: ${init}`);
  }
  return readProfile(options.profile, folder);
}

/** Written last: a profile without this file was never finished, and init may start over. */
export function saveProfile({ folder, relay, actor }: Profile): void {
  const draft = join(folder, `${FILE}.draft`);
  writeFileSync(draft, `${JSON.stringify({ relay, actor }, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, join(folder, FILE));
}

export function makeProfileFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** All profiles of this machine's user: names for keys that would otherwise only be letters and digits. */
export function listProfiles({ home }: GlobalOptions): readonly Profile[] {
  const all = profilesFolder(home);
  if (!existsSync(all)) return [];
  const names = readdirSync(all).filter((name) => NAME.test(name) && existsSync(join(all, name, FILE)));
  return names.map((name) => readProfile(name, join(all, name)));
}

function profilesFolder(home = join(homedir(), '.terachat')): string {
  return join(home, 'profiles');
}

function readProfile(name: string, folder: string): Profile {
  const path = join(folder, FILE);
  try {
    const { relay, actor } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof relay === 'string' && typeof actor === 'string') return { name, folder, relay, actor };
  } catch {
    // Reported below with the others.
  }
  throw new Failure('usage', 'profile-damaged', `${path} can't be read.`);
}
