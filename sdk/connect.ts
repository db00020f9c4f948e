import { createSignatureChecker, type VerifyJob } from '../core/index.ts';
import { StorageError } from './errors.ts';
import { HttpClient } from './http-client.ts';
import { platformOf, type PlatformOptions } from './platform.ts';
import { RelayClient } from './relay-client.ts';
import { pinRelay } from './relay-pin.ts';
import { SEAL_KEY } from './sealed-storage.ts';
import { Session } from './session.ts';
import type { Storage } from './storage.ts';

export interface ConnectOptions extends PlatformOptions {
  /** Address of the relay, such as `https://relay.example`. */
  readonly relay: string | URL;
  readonly storage: Storage;
  /** A code of the relay's operator, where founding takes one. It lets the identity in for good. */
  readonly invitation?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Asks the relay who it is, keeps its name and key at first contact, and takes up the identity of the storage. Rejects with
 * a RelayChangedError where another relay answers than the storage knows, and with a NetworkError where none does.
 */
export async function connect({ relay, storage, invitation, signal, ...options }: ConnectOptions): Promise<Session> {
  await assertOpened(storage);
  const platform = platformOf(options);
  const http = new HttpClient(relay, platform);
  const client = new RelayClient(http, invitation);
  const info = await client.info(signal);
  const pinned = await pinRelay(storage, info);
  const checker = createSignatureChecker({ verifyBatch: platform.verifyBatch });
  const context = {
    client,
    storage,
    relay: pinned,
    platform,
    check: (jobs: readonly VerifyJob[]) => checker.check(jobs),
  };
  return new Session(context, http, info).open(signal);
}

/** Nobody writes a second, readable identity beside what somebody meant to keep from readers. */
async function assertOpened(storage: Storage): Promise<void> {
  if ((await storage.read(SEAL_KEY)) === undefined) return;
  throw new StorageError('storage-sealed', 'the storage is encrypted, and was opened without its passphrase or key');
}
