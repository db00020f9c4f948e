import {
  DAY_MS,
  decode,
  encode,
  MAX_KEY_PACKAGE_BYTES,
  opaqueVector,
  struct,
  toBase64Url,
  uint16,
  uint64,
  uint8,
  version,
  type ActorKey,
  type Decoded,
  type KeyPackageStock,
  type SuiteStock,
} from '../core/index.ts';
import { DEFAULT_SUITE, type MlsSuite } from '../core/mls/index.ts';
import { RelayProblem, StorageError } from './errors.ts';
import { newKeyPackage } from './mls/index.ts';
import type { MlsIdentities } from './mls-identities.ts';
import type { Platform } from './platform.ts';
import type { RelayClient } from './relay-client.ts';
import type { Storage, StorageWrite } from './storage.ts';
import { suiteOf, type SuiteNumber } from './suites.ts';

/** KeyPackages at the relay after publishing, and the stock below which more are published. */
interface Levels {
  readonly full: number;
  readonly low: number;
}

const OF_DEFAULT_SUITE: Levels = { full: 20, low: 10 };
/** Groups of other suites are few, and there is the last resort. */
const OF_OTHERS: Levels = { full: 2, low: 1 };
/** A last resort is replaced when it has no more than this to live. */
const LAST_RESORT_RENEWAL_MS = 30 * DAY_MS;
/** A Welcome may wait that long in a mailbox, for a KeyPackage that lapsed meanwhile. */
const GRACE_MS = 31 * DAY_MS;
const PREFIX = 'key-package/';
const REPLACE_KEY = 'key-packages-replace';

/** The KeyPackage beside its private keys, with room to spare. */
const MAX_PRIVATE_STATE_BYTES = 4 * MAX_KEY_PACKAGE_BYTES;

const recordCodec = struct('KeyPackageRecord', {
  version: version(2),
  suite: uint16,
  notAfterMs: uint64,
  isLastResort: uint8,
  privateState: opaqueVector(MAX_PRIVATE_STATE_BYTES),
});

/** Of before there were other suites. */
const firstCodec = struct('KeyPackageRecord', {
  version: version(1),
  notAfterMs: uint64,
  isLastResort: uint8,
  privateState: opaqueVector(MAX_PRIVATE_STATE_BYTES),
});

type KeyPackageRecord = Omit<Decoded<typeof recordCodec>, 'version'>;

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
  readonly #actor: ActorKey;
  readonly #identities: MlsIdentities;
  readonly #suites: readonly MlsSuite[];

  constructor(
    { client, storage, platform }: { client: RelayClient; storage: Storage; platform: Platform },
    { actor, identities, suites }: { actor: ActorKey; identities: MlsIdentities; suites: readonly SuiteNumber[] },
  ) {
    this.#client = client;
    this.#storage = storage;
    this.#platform = platform;
    this.#actor = actor;
    this.#identities = identities;
    this.#suites = suites.map(suiteOf);
  }

  /** Publishes, suite by suite, where the relay's stock is low, and a last resort where there is none or it will lapse. */
  async replenish(known?: KeyPackageStock, signal?: AbortSignal): Promise<void> {
    await this.#storage.exclusive(
      'key-packages',
      async () => {
        const stock = known ?? (await this.#client.keyPackageStock(this.#actor, signal));
        const records = await this.#prune();
        const replaces = (await this.#storage.read(REPLACE_KEY)) !== undefined;
        const wanted = this.#suites.flatMap((suite) => {
          const held = replaces ? undefined : stock.suites.find(({ ciphersuite }) => ciphersuite === suite.id);
          return this.#missing(suite, held, records);
        });
        await this.#publish(wanted, { replaces }, signal);
        if (replaces) await this.#storage.commit([{ key: REPLACE_KEY, value: undefined }]);
      },
      signal,
    );
  }

  #missing(suite: MlsSuite, held: SuiteStock | undefined, records: readonly KeyPackageRecord[]): readonly Wanted[] {
    const { full, low } = suite.id === DEFAULT_SUITE.id ? OF_DEFAULT_SUITE : OF_OTHERS;
    const left = held?.available ?? 0;
    const count = left < low ? full - left : 0;
    const isLasting = records.some((record) => record.suite === suite.id && this.#isLasting(record));
    const needsLastResort = (held?.lastResort ?? 0) === 0 || !isLasting;
    const ordinary = Array<Wanted>(count).fill({ suite, lastResort: false });
    return needsLastResort ? [...ordinary, { suite, lastResort: true }] : ordinary;
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

  async #publish(
    wanted: readonly Wanted[],
    { replaces }: { readonly replaces: boolean },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const nowMs = this.#platform.now();
    const made = await Promise.all(
      wanted.map(async ({ suite, lastResort }) => {
        const identity = await this.#identities.of(suite);
        return { suite, lastResort, ...(await newKeyPackage(identity, { nowMs, lastResort })) };
      }),
    );
    // Kept before anyone can use them.
    await this.#storage.commit(
      made.map(({ ref, suite, notAfterMs, privateState, lastResort }) => {
        const record = { suite: suite.id, notAfterMs, isLastResort: lastResort ? 1 : 0, privateState };
        return { key: keyOf(ref), value: encode(recordCodec, { version: 2, ...record }) };
      }),
    );
    const messages = made.map(({ message }) => message);
    try {
      const publication = { mode: replaces ? 'replace' : 'add', keyPackages: messages } as const;
      await this.#client.publishKeyPackages(this.#actor, publication, signal);
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
    if (record.ok) return record.value;
    const first = decode(firstCodec, bytes);
    if (!first.ok) throw new StorageError('storage-damaged', `${key} is ${record.error.reason}`);
    return { ...first.value, suite: DEFAULT_SUITE.id };
  }
}

/** A KeyPackage to be made. */
interface Wanted {
  readonly suite: MlsSuite;
  readonly lastResort: boolean;
}

function keyOf(ref: Uint8Array): string {
  return `${PREFIX}${toBase64Url(ref)}`;
}
