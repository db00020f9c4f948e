import {
  decode,
  encode,
  equalBytes,
  MAX_BUNDLE_BYTES,
  opaqueVector,
  optional,
  struct,
  uint64,
  vector,
  version,
  commitBundle,
  type CommitBundle,
} from '../../core/index.ts';
import type { ChainKeys } from '../chain/chain-keys.ts';
import { StorageError } from '../errors.ts';
import {
  MAX_STATE_BYTES,
  parsePendingCommit,
  parseState,
  serialisePendingCommit,
  serialiseState,
  type GroupState,
  type PendingCommit,
} from '../mls/index.ts';
import type { Storage, StorageWrite } from '../storage.ts';
import { encodeRecovery, NOTHING_LOST, parseRecovery, type RecoveryRecord } from './recovery-record.ts';

const recordCodec = struct('MlsRecord', {
  version: version(1),
  /** The commit that could not be followed; from there on the keys are no longer the group's. */
  lostAt: optional(uint64),
  state: opaqueVector(MAX_STATE_BYTES),
});

const pendingCodec = struct('PendingRecord', {
  version: version(1),
  bundle: opaqueVector(MAX_BUNDLE_BYTES),
  commit: opaqueVector(MAX_STATE_BYTES),
});

/** Each holds a whole tree; a relay that fails at more of them than this fails at any. */
export const MAX_SET_ASIDE_COMMITS = 4;
const setAsideCodec = struct('SetAsideCommits', {
  version: version(1),
  commits: vector(opaqueVector(MAX_STATE_BYTES), MAX_SET_ASIDE_COMMITS),
});

const welcomeCodec = struct('AcceptedWelcome', {
  version: version(1),
  index: uint64,
  welcome: opaqueVector(MAX_BUNDLE_BYTES),
});

const ownLeafCodec = struct('OwnLeaf', { version: version(1), epoch: uint64, madeAt: uint64 });

/** Where this device's own key in a group comes from. */
export interface OwnLeaf {
  /** The epoch that brought it. */
  readonly epoch: number;
  /** Ms since the Unix epoch: when the relay took the commit with it, or when its KeyPackage was made. */
  readonly madeAt: number;
}

/** This device's keys in a group, and whether they still are the group's. */
export interface MlsRecord {
  readonly state: GroupState;
  readonly lostAt: number | undefined;
}

/** A commit of this device whose fate is not known yet: what was sent, and what it leads to. */
export interface PendingRecord {
  readonly bundle: CommitBundle;
  readonly commit: PendingCommit;
}

/** An invitation that was accepted, until the entry that it belongs to is read. */
export interface AcceptedWelcome {
  readonly index: number;
  readonly welcome: Uint8Array;
}

/** The records of a group's MLS side. Everything is written through `StorageWrite`s, to go with what made it true. */
export class MlsStore {
  readonly #storage: Storage;
  readonly #keys: ChainKeys;
  /** The last record with its bytes: reading a large tree anew for every message would cost more than the message. */
  #cached: { readonly bytes: Uint8Array; readonly record: MlsRecord } | undefined;

  constructor(storage: Storage, keys: ChainKeys) {
    this.#storage = storage;
    this.#keys = keys;
  }

  async load(): Promise<MlsRecord | undefined> {
    const bytes = await this.#storage.read(this.#keys.mls);
    if (bytes === undefined) return undefined;
    if (this.#cached !== undefined && equalBytes(this.#cached.bytes, bytes)) return this.#cached.record;
    const parsed = decode(recordCodec, bytes);
    const state = parsed.ok ? parseState(parsed.value.state) : undefined;
    if (!parsed.ok || state?.ok !== true) throw damaged(this.#keys.mls);
    const record = { state: state.value, lostAt: parsed.value.lostAt };
    this.#cached = { bytes, record };
    return record;
  }

  put(record: MlsRecord): StorageWrite {
    const state = serialiseState(record.state);
    const bytes = encode(recordCodec, { version: 1, lostAt: record.lostAt, state });
    this.#cached = { bytes, record };
    return { key: this.#keys.mls, value: bytes };
  }

  async pending(): Promise<PendingRecord | undefined> {
    const bytes = await this.#storage.read(this.#keys.pendingCommit);
    if (bytes === undefined) return undefined;
    const record = decode(pendingCodec, bytes);
    const bundle = record.ok ? decode(commitBundle, record.value.bundle) : undefined;
    const commit = record.ok ? parsePendingCommit(record.value.commit) : undefined;
    if (bundle?.ok !== true || commit?.ok !== true) throw damaged(this.#keys.pendingCommit);
    return { bundle: bundle.value, commit: commit.value };
  }

  putPending({ bundle, commit }: PendingRecord): StorageWrite {
    const record = { bundle: encode(commitBundle, bundle), commit: serialisePendingCommit(commit) };
    return { key: this.#keys.pendingCommit, value: encode(pendingCodec, { version: 1, ...record }) };
  }

  dropPending(): StorageWrite {
    return { key: this.#keys.pendingCommit, value: undefined };
  }

  /** Commits of this device that are not sent again, but lead to keys that it needs should the log show one. */
  async setAside(): Promise<readonly PendingCommit[]> {
    const bytes = await this.#storage.read(this.#keys.setAsideCommits);
    if (bytes === undefined) return [];
    const record = decode(setAsideCodec, bytes);
    if (!record.ok) throw damaged(this.#keys.setAsideCommits);
    return record.value.commits.map((encoded) => {
      const commit = parsePendingCommit(encoded);
      if (!commit.ok) throw damaged(this.#keys.setAsideCommits);
      return commit.value;
    });
  }

  putSetAside(commits: readonly PendingCommit[]): StorageWrite {
    const value = encode(setAsideCodec, { version: 1, commits: commits.map(serialisePendingCommit) });
    return { key: this.#keys.setAsideCommits, value };
  }

  dropSetAside(): StorageWrite {
    return { key: this.#keys.setAsideCommits, value: undefined };
  }

  /** What is known of losses of keys. */
  async recovery(): Promise<RecoveryRecord> {
    const bytes = await this.#storage.read(this.#keys.recovery);
    if (bytes === undefined) return NOTHING_LOST;
    const record = parseRecovery(bytes);
    if (record === undefined) throw damaged(this.#keys.recovery);
    return record;
  }

  putRecovery(record: RecoveryRecord): StorageWrite {
    return { key: this.#keys.recovery, value: encodeRecovery(record) };
  }

  /** Undefined where no version of this client that knows of it has put a key of its own there. */
  async ownLeaf(): Promise<OwnLeaf | undefined> {
    const bytes = await this.#storage.read(this.#keys.ownLeaf);
    if (bytes === undefined) return undefined;
    const record = decode(ownLeafCodec, bytes);
    if (!record.ok) throw damaged(this.#keys.ownLeaf);
    return record.value;
  }

  putOwnLeaf({ epoch, madeAt }: OwnLeaf): StorageWrite {
    return { key: this.#keys.ownLeaf, value: encode(ownLeafCodec, { version: 1, epoch, madeAt }) };
  }

  async welcome(): Promise<AcceptedWelcome | undefined> {
    const bytes = await this.#storage.read(this.#keys.welcome);
    if (bytes === undefined) return undefined;
    const record = decode(welcomeCodec, bytes);
    if (!record.ok) throw damaged(this.#keys.welcome);
    return record.value;
  }

  putWelcome(welcome: AcceptedWelcome): StorageWrite {
    return { key: this.#keys.welcome, value: encode(welcomeCodec, { version: 1, ...welcome }) };
  }

  dropWelcome(): StorageWrite {
    return { key: this.#keys.welcome, value: undefined };
  }
}

function damaged(key: string): StorageError {
  return new StorageError('storage-damaged', `${key} is not what was stored there`);
}
