import { bytesToUtf8, utf8ToBytes } from '../../core/index.ts';
import { RelayProblem, type ActorSigner, type Registry, type Storage } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import type { Person } from '../person.ts';

const RECORD = 'cli/registry';

/** The registry that this profile founded, base64url. */
export async function foundedRegistry(storage: Storage): Promise<string | undefined> {
  const bytes = await storage.read(RECORD);
  return bytes && bytesToUtf8(bytes);
}

export async function rememberRegistry(storage: Storage, id: string): Promise<void> {
  await storage.commit([{ key: RECORD, value: utf8ToBytes(id) }]);
}

/** The registry that is named, or else the one that this profile founded, or else the one that its relay has pinned. */
export async function openRegistry(
  { session, storage, signal }: Person,
  named: string | undefined,
  carrier?: ActorSigner,
): Promise<Registry> {
  const id = named ?? (await foundedRegistry(storage));
  try {
    return await session.registry({
      signal,
      ...(id !== undefined && { id }),
      ...(carrier !== undefined && { carrier }),
    });
  } catch (cause) {
    if (!(cause instanceof RelayProblem) || cause.code !== 'no-registry') throw cause;
    const message = 'This relay has no registry: its operator has pinned none.';
    throw new Failure(
      'failed',
      'no-registry',
      message,
      'Name one with --registry ID, or found it: terachat admin init',
    );
  }
}

/** The id of the registry that the relay has pinned, base64url; undefined where it has none. */
export async function pinnedRegistry({
  session,
  signal,
}: Pick<Person, 'session' | 'signal'>): Promise<string | undefined> {
  try {
    return (await session.registry({ signal })).id;
  } catch (cause) {
    if (cause instanceof RelayProblem && (cause.code === 'no-registry' || cause.code === 'not-found')) return undefined;
    throw cause;
  }
}
