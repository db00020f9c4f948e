import type { Session, Storage } from '../sdk/index.ts';
import { fileStorage } from '../sdk/node/index.ts';
import { Failure } from './failure.ts';
import type { GlobalOptions } from './options.ts';
import { connectFromNode, interruptSignal } from './person.ts';
import { hasProfile, makeProfileFolder, openProfile, profileFolder, saveProfile, storageFolder } from './profile.ts';

export const DEFAULT_RELAY = 'http://127.0.0.1:8787';

/** Where a new profile has its relay, and what lets it found there. */
export interface Beginning {
  readonly relay: string;
  readonly invite?: string;
}

type Acquire = (
  session: Session,
  signal: AbortSignal,
  storage: Storage,
) => Promise<{ readonly actor: string } | undefined>;

/**
 * Makes a profile of what `acquire` brings into its storage. Without an identity, no profile is made, and what the storage
 * holds serves the next attempt. A profile that is there is never replaced.
 */
export async function makeProfile(
  options: GlobalOptions,
  { relay, invite: invitation }: Beginning,
  acquire: Acquire,
): Promise<void> {
  if (hasProfile(options)) {
    const { actor } = openProfile(options);
    const message = `There is a profile '${options.profile}' already, with the key ${actor}.`;
    throw new Failure('failed', 'profile-exists', message, 'Take another one with --profile NAME.');
  }
  const folder = profileFolder(options);
  makeProfileFolder(folder);
  const storage = fileStorage(storageFolder(folder));
  const interrupt = interruptSignal();
  try {
    const session = await connectFromNode(relay, storage, interrupt.signal, { invitation });
    const identity = await acquire(session, interrupt.signal, storage).finally(() => session.close());
    if (identity !== undefined) saveProfile({ name: options.profile, folder, relay, actor: identity.actor });
  } finally {
    interrupt.release();
    await storage.close();
  }
}
