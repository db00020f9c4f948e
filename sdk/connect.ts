import { createSignatureChecker, type VerifyJob } from '../core/index.ts';
import { StorageError } from './errors.ts';
import { checkRotateAfter, DEFAULT_ROTATE_AFTER_MS, type RotateAfter } from './group/rotation.ts';
import { HttpClient } from './http-client.ts';
import { platformOf, type PlatformOptions } from './platform.ts';
import { RelayClient } from './relay-client.ts';
import { RelayContact } from './relay-contact.ts';
import { SEAL_KEY } from './sealed-storage.ts';
import { Session } from './session.ts';
import { DEFAULT_SUITES, type SuiteNumber } from './suites.ts';
import type { Storage } from './storage.ts';

export interface ConnectOptions extends PlatformOptions {
  /** Address of the relay, such as `https://relay.example`. */
  readonly relay: string | URL;
  readonly storage: Storage;
  /** A code of the relay's operator, where founding takes one. It lets the identity in for good. */
  readonly invitation?: string | undefined;
  /**
   * Begins without the relay where it does not answer and this storage has an identity there: what is written waits in the
   * outbox. False by default, which tells at once that the relay is away.
   */
  readonly offline?: boolean;
  /** Cipher suites of groups that this device can be invited to: 1, 2 and 3 where it is not given. */
  readonly suites?: readonly SuiteNumber[];
  /**
   * How old, in ms, this device's own key in an encrypted group becomes before the session renews it by itself, which renews
   * those of everyone: 7 days where it is not given, an hour at least, `off` for only when told to. A function says it for each
   * group by its id.
   */
  readonly rotateAfterMs?: RotateAfter | ((group: string) => RotateAfter);
  readonly signal?: AbortSignal;
}

/**
 * Asks the relay who it is, keeps its name and key at first contact, and takes up the identity of the storage. Rejects with
 * a RelayChangedError where another relay answers than the storage knows, and with a NetworkError where none does.
 */
export async function connect(wanted: ConnectOptions): Promise<Session> {
  const { relay, storage, invitation, offline = false, signal, ...others } = wanted;
  const { suites = DEFAULT_SUITES, rotateAfterMs = DEFAULT_ROTATE_AFTER_MS, ...options } = others;
  const rotateAfter = periodsOf(rotateAfterMs);
  await assertOpened(storage);
  const platform = platformOf(options);
  const http = new HttpClient(relay, platform);
  const client = new RelayClient(http, invitation);
  const met = await new RelayContact(http, storage).begin(offline, signal);
  const checker = createSignatureChecker({ verifyBatch: platform.verifyBatch });
  const context = {
    client,
    storage,
    relay: met,
    platform,
    suites,
    rotateAfter,
    check: (jobs: readonly VerifyJob[]) => checker.check(jobs),
  };
  return new Session(context, http, met).open(signal);
}

function periodsOf(wanted: RotateAfter | ((group: string) => RotateAfter)): (group: string) => RotateAfter {
  if (typeof wanted === 'function') return (group) => checkRotateAfter(wanted(group));
  const period = checkRotateAfter(wanted);
  return () => period;
}

/** Nobody writes a second, readable identity beside what somebody meant to keep from readers. */
async function assertOpened(storage: Storage): Promise<void> {
  if ((await storage.read(SEAL_KEY)) === undefined) return;
  throw new StorageError('storage-sealed', 'the storage is encrypted, and was opened without its passphrase or key');
}
