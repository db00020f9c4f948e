import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, sha256, toBase64Url, type LogCopy } from '../core/index.ts';
import { RelayProblem, type FetchModule, type Session } from '../sdk/index.ts';
import { Failure } from './failure.ts';

/** Modules as the relay's registry keeps them. */
export function modulesOfRelay(session: Session, signal: AbortSignal): FetchModule {
  return async (hash) => {
    try {
      const registry = await session.registry({ signal });
      return await registry.module(hash, { signal });
    } catch (cause) {
      throw cause instanceof RelayProblem ? notAtHand(hash, 'the relay') : cause;
    }
  };
}

/** Keeps what it gives: what one audit of a log asked for is all that another one needs. */
export function keepingModules(fetchModule: FetchModule, kept: Map<string, Uint8Array>): FetchModule {
  return async (hash) => {
    const bytes = await fetchModule(hash);
    kept.set(toBase64Url(hash), bytes);
    return bytes;
  };
}

/** Modules that were saved with a log, else those of a folder, if there is one. */
export function modulesOfCopy({ modules }: LogCopy, folder: string | undefined): FetchModule {
  return async (hash) => {
    const own = modules.find((bytes) => equalBytes(sha256(bytes), hash));
    if (own !== undefined) return own;
    if (folder === undefined) throw notAtHand(hash, 'the saved log');
    return modulesInFolder(folder)(hash);
  };
}

/** Modules that were saved as files of any name. */
function modulesInFolder(folder: string): FetchModule {
  return async (hash) => {
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.wasm')) continue;
      const bytes = new Uint8Array(await readFile(join(folder, name)));
      if (equalBytes(sha256(bytes), hash)) return bytes;
    }
    throw notAtHand(hash, folder);
  };
}

function notAtHand(hash: Uint8Array, place: string): Failure {
  return new Failure(
    'unverified',
    'policies-not-run',
    `The policy ${toBase64Url(hash)} decided in this chain, and ${place} does not have it: nothing that it let in was verified.`,
  );
}
