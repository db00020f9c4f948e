import {
  decode,
  encode,
  MAX_KEY_PACKAGE_BYTES,
  opaqueVector,
  struct,
  toBase64Url,
  uint64,
  uint8,
  version,
  type Decoded,
  type KeyPackageStock,
} from '../core/index.ts';
import { RelayProblem, StorageError } from './errors.ts';
import { newKeyPackage, type MlsIdentity } from './mls/index.ts';
import type { Platform } from './platform.ts';
import type { RelayClient } from './relay-client.ts';
import type { Storage, StorageWrite } from './storage.ts';

const DAY_MS = 86_400_000;
/** KeyPackages at the relay after publishing, and the stock at which more are published. */
const FULL_STOCK = 20;
const LOW_STOCK = 10;
/** A last resort is replaced when it has no more than this to live. */
const LAST_RESORT_RENEWAL_MS = 30 * DAY_MS;
/** A Welcome may wait that long in a mailbox, for a KeyPackage that lapsed meanwhile. */
const GRACE_MS = 31 * DAY_MS;
const PREFIX = 'key-package/';
const REPLACE_KEY = 'key-packages-replace';

const recordCodec = struct('KeyPackageRecord', {
  version: version(1),
  notAfterMs: uint64,
  isLastResort: uint8,
  privateState: opaqueVector(2 * MAX_KEY_PACKAGE_BYTES),
});

type KeyPackageRecord = Decoded<typeof recordCodec>;

/**
 * Has the next publication replace everything at the relay: the private halves of that are on another device, or nowhere
 * (`KP11`). Holds until it has happened.
 */
export function replaceKeyPackages(): StorageWrite {
  return { key: REPLACE_KEY, value: new Uint8Array([1]) };
}

/** This device's KeyPackages: the public halves at the relay, the private ones here until an invitation uses them. */
export class KeyPackagePool {
  readonly #client: RelayClient;
  readonly #storage: Storage;
  readonly #platform: Platform;
  readonly #identity: MlsIdentity;

  constructor(
    { client, storage, platform }: { client: RelayClient; storage: Storage; platform: Platform },
    identity: MlsIdentity,
  ) {
    this.#client = client;
    this.#storage = storage;
    this.#platform = platform;
    this.#identity = identity;
  }

  /** Publishes where the relay's stock is low, and a last resort where there is none or it will lapse. */
  async replenish(known?: KeyPackageStock, signal?: AbortSignal): Promise<void> {
    const { actor } = this.#identity;
    await this.#storage.exclusive(
      'key-packages',
      async () => {
        const stock = known ?? (await this.#client.keyPackageStock(actor, signal));
        const records = await this.#prune();
        const replaces = (await this.#storage.read(REPLACE_KEY)) !== undefined;
        const left = replaces ? 0 : stock.available;
        const missing = left < LOW_STOCK ? FULL_STOCK - left : 0;
        const needsLastResort =
          replaces || stock.lastResort === 0 || !records.some((record) => this.#isLasting(record));
        await this.#publish({ count: missing, withLastResort: needsLastResort, replaces }, signal);
        if (replaces) await this.#storage.commit([{ key: REPLACE_KEY, value: undefined }]);
      },
      signal,
    );
  }

  /** The private half of a KeyPackage, while it may still be named by a Welcome. */
  async find(ref: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.#read(keyOf(ref)))?.privateState;
  }

  /** What forgets a KeyPackage once it was used; a last resort may be used again. */
  async spend(ref: Uint8Array): Promise<readonly StorageWrite[]> {
    const record = await this.#read(keyOf(ref));
    return record?.isLastResort === 0 ? [{ key: keyOf(ref), value: undefined }] : [];
  }

  async #publish({ count, withLastResort, replaces }: Missing, signal: AbortSignal | undefined): Promise<void> {
    const kinds = [...Array<boolean>(count).fill(false), ...(withLastResort ? [true] : [])];
    if (kinds.length === 0) return;
    const nowMs = this.#platform.now();
    const made = await Promise.all(
      kinds.map(async (lastResort) => ({
        lastResort,
        ...(await newKeyPackage(this.#identity, { nowMs, lastResort })),
      })),
    );
    // Kept before anyone can use them.
    await this.#storage.commit(
      made.map(({ ref, notAfterMs, privateState, lastResort }) => ({
        key: keyOf(ref),
        value: encode(recordCodec, { version: 1, notAfterMs, isLastResort: lastResort ? 1 : 0, privateState }),
      })),
    );
    const messages = made.map(({ message }) => message);
    try {
      const publication = { mode: replaces ? 'replace' : 'add', keyPackages: messages } as const;
      await this.#client.publishKeyPackages(this.#identity.actor, publication, signal);
    } catch (error) {
      // Another process of this device was faster.
      if (!(error instanceof RelayProblem) || error.code !== 'key-package-pool-full') throw error;
    }
  }

  #isLasting({ isLastResort, notAfterMs }: KeyPackageRecord): boolean {
    return isLastResort === 1 && notAfterMs - this.#platform.now() > LAST_RESORT_RENEWAL_MS;
  }

  /** Forgets what no Welcome can name any more, and gives what is left. */
  async #prune(): Promise<readonly KeyPackageRecord[]> {
    const kept: KeyPackageRecord[] = [];
    const lapsed: StorageWrite[] = [];
    for (const key of await this.#storage.list(PREFIX)) {
      const record = await this.#read(key);
      if (record === undefined) continue;
      if (record.notAfterMs + GRACE_MS < this.#platform.now()) lapsed.push({ key, value: undefined });
      else kept.push(record);
    }
    if (lapsed.length > 0) await this.#storage.commit(lapsed);
    return kept;
  }

  async #read(key: string): Promise<KeyPackageRecord | undefined> {
    const bytes = await this.#storage.read(key);
    if (bytes === undefined) return undefined;
    const record = decode(recordCodec, bytes);
    if (!record.ok) throw new StorageError('storage-damaged', `${key} is ${record.error.reason}`);
    return record.value;
  }
}

interface Missing {
  readonly count: number;
  readonly withLastResort: boolean;
  readonly replaces: boolean;
}

function keyOf(ref: Uint8Array): string {
  return `${PREFIX}${toBase64Url(ref)}`;
}
