import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, sha256, toBase64Url } from '../core/index.ts';
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

/** Modules that were saved as files of any name. */
export function modulesInFolder(folder: string): FetchModule {
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
