import { existsSync, realpathSync, statSync } from 'node:fs';
import { readHolder } from './folder-lock.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import { parseRelayFile, relayFilePath } from './relay-file.ts';

export interface HolderReport {
  readonly pid: number;
  readonly isRunning: boolean;
}

/** What there is to say of a relay's folder without taking it. */
export interface RelayFolderReport {
  /** Absolute. */
  readonly folder: string;
  readonly file: 'missing' | 'invalid' | { readonly name: string };
  /** Whether nobody but its owner may read the relay's key; true where there is none. */
  readonly isFilePrivate: boolean;
  readonly launcher: HolderReport | undefined;
  readonly runtime: HolderReport | undefined;
  /** Where the relay answers; undefined where none runs. */
  readonly url: string | undefined;
}

/** Looks and changes nothing. Undefined where there is no such folder. */
export function inspectRelayFolder(path: string): RelayFolderReport | undefined {
  if (!existsSync(path)) return undefined;
  const folder = realpathSync(path);
  const file = relayFilePath(folder);
  const isThere = existsSync(file);
  const identity = isThere ? parseRelayFile(file) : undefined;
  const holder = readHolder(folder);
  const launcher = reportOf(holder?.launcher);
  return {
    folder,
    file: identity === undefined ? (isThere ? 'invalid' : 'missing') : { name: identity.name },
    isFilePrivate: !isThere || process.platform === 'win32' || (statSync(file).mode & 0o077) === 0,
    launcher,
    runtime: reportOf(holder?.runtime),
    url: launcher?.isRunning === true ? holder?.url : undefined,
  };
}

function reportOf(holder: ProcessIdentity | undefined): HolderReport | undefined {
  return holder && { pid: holder.pid, isRunning: isRunning(holder) };
}
