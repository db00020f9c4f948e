import {
  ACTOR_BYTES,
  choice,
  decode,
  encode,
  fromBase64Url,
  HASH_BYTES,
  MAX_EVENT_BYTES,
  MAX_RELAY_NAME_BYTES,
  opaque,
  opaqueVector,
  SEED_BYTES,
  struct,
  text,
  toBase64Url,
  uint64,
  vector,
  version,
  type ChainId,
  type Decoded,
} from '../../core/index.ts';
import { UsageError } from '../errors.ts';
import { listGroups, markGroup, type GroupSummary } from '../group/group-register.ts';
import { exportIdentity, importIdentity, type Identity } from '../identity.ts';
import { replaceKeyPackages } from '../key-package-pool.ts';
import { platformOf, type PlatformOptions } from '../platform.ts';
import { pinWrite, readPin } from '../relay-pin.ts';
import { MAX_STORAGE_KEY_LENGTH, type Storage } from '../storage.ts';
import { openBox, sealBox } from './passphrase-box.ts';

const LABEL = 'terachat identity backup v1';
const MAX_URL_BYTES = 2_048;
const MAX_GROUPS = 4_096;
const MAX_RECORDS = 16_384;

export const identityBackup = struct('IdentityBackup', {
  version: version(1),
  createdAt: uint64,
  actor: opaque(ACTOR_BYTES),
  seed: opaque(SEED_BYTES),
  chain: opaque(HASH_BYTES),
  relay: struct('BackupRelay', {
    url: text(MAX_URL_BYTES),
    name: text(MAX_RELAY_NAME_BYTES),
    checkpointKey: opaque(HASH_BYTES),
  }),
  groups: vector(
    struct('BackupGroup', { chain: opaque(HASH_BYTES), membership: choice('Membership', { plain: 0, mls: 1 }) }),
    MAX_GROUPS,
  ),
  /** Of the application, such as what a person calls groups and people. */
  records: vector(
    struct('BackupRecord', { key: text(MAX_STORAGE_KEY_LENGTH), value: opaqueVector(MAX_EVENT_BYTES) }),
    MAX_RECORDS,
  ),
});

type Content = Decoded<typeof identityBackup>;

export interface BackupOptions extends PlatformOptions {
  readonly storage: Storage;
  readonly passphrase: string;
  /** Records of the application's own that begin so come along, and no others are taken on restoring. */
  readonly recordPrefix: string;
}

/** What a restored storage holds. */
export interface RestoredIdentity {
  readonly identity: Identity;
  /** Where the identity was made, and the key that is pinned (`CL1`). `url` is the address at the time of the backup. */
  readonly relay: { readonly url: string; readonly name: string; readonly checkpointKey: string };
  /** All groups of the identity. Encrypted ones open again by a new invitation alone (`BK4`). */
  readonly groups: readonly GroupSummary[];
  /** Ms since the Unix epoch. */
  readonly createdAt: number;
}

/**
 * The identity of a storage in one encrypted file: its key, its relay, its groups and the application's records. No MLS
 * key, no KeyPackage and no message is in it, so that no two devices ever act from one MLS state (`BK4`). Asks nobody.
 */
export async function backUpIdentity({
  storage,
  passphrase,
  recordPrefix,
  url,
  ...options
}: BackupOptions & { readonly url: string }): Promise<Uint8Array> {
  const platform = platformOf(options);
  const pin = await readPin(storage);
  const own = await exportIdentity({ storage, platform });
  if (pin === undefined) throw new UsageError('identity-missing', 'this storage knows no relay');
  const groups = (await listGroups(storage)).map(({ id, membership }) => ({ chain: chainOf(id), membership }));
  const content: Content = {
    version: 1,
    createdAt: platform.now(),
    ...own,
    relay: { url, name: pin.name, checkpointKey: pin.checkpointKey },
    groups,
    records: await recordsOf(storage, recordPrefix),
  };
  return sealBox(LABEL, encode(identityBackup, content), {
    passphrase,
    randomBytes: (length) => platform.randomBytes(length),
  });
}

/**
 * Puts the identity of a backup into a storage that has none. Rejects with `malformed-backup`, with `wrong-passphrase`
 * also where a byte was changed, and with `identity-exists`; then nothing is written (`BK5`). Asks nobody.
 */
export async function restoreIdentity({
  storage,
  passphrase,
  recordPrefix,
  backup,
  ...options
}: BackupOptions & { readonly backup: Uint8Array }): Promise<RestoredIdentity> {
  const { seed, chain, actor, relay, groups, records, createdAt } = await openBackup(backup, passphrase);
  if (records.some(({ key }) => !key.startsWith(recordPrefix)))
    throw malformed('a record that is not the application’s');
  const writes = [
    pinWrite(relay),
    replaceKeyPackages(),
    ...records,
    // Encrypted groups are not marked: without keys this device is not in them yet.
    ...groups.flatMap((group) => (group.membership === 'plain' ? [markGroup(group.chain as ChainId, 'plain')] : [])),
  ];
  const identity = await importIdentity({ seed, chain, actor }, writes, { storage, platform: platformOf(options) });
  return {
    identity,
    relay: { ...relay, checkpointKey: toBase64Url(relay.checkpointKey) },
    groups: groups.map((group) => ({ id: toBase64Url(group.chain), membership: group.membership })),
    createdAt,
  };
}

async function openBackup(backup: Uint8Array, passphrase: string): Promise<Content> {
  const opened = await openBox(LABEL, backup, passphrase);
  if (opened === 'malformed') throw malformed('not a file of this form');
  if (opened === 'refused') {
    throw new UsageError('wrong-passphrase', 'the passphrase is wrong, or the backup was changed');
  }
  const content = decode(identityBackup, opened);
  if (!content.ok) throw malformed(content.error.reason);
  return content.value;
}

function malformed(reason: string): UsageError {
  return new UsageError('malformed-backup', `this is no identity backup: ${reason}`);
}

async function recordsOf(storage: Storage, prefix: string): Promise<{ key: string; value: Uint8Array }[]> {
  const records: { key: string; value: Uint8Array }[] = [];
  for (const key of await storage.list(prefix)) {
    const value = await storage.read(key);
    if (value !== undefined) records.push({ key, value });
  }
  return records;
}

function chainOf(id: string): Uint8Array {
  return fromBase64Url(id) as Uint8Array;
}
