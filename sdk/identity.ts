import {
  agreementSecretOf,
  decode,
  encode,
  equalBytes,
  HASH_BYTES,
  MAX_EVENT_BYTES,
  opaque,
  opaqueVector,
  optional,
  SEED_BYTES,
  SIGNATURE_BYTES,
  struct,
  toBase64Url,
  version,
  type ChainId,
  type Decoded,
} from '../core/index.ts';
import { fingerprintOf } from './actor-name.ts';
import type { ActorSigner } from './actor-signer.ts';
import { ChainFollower, type ChainContext } from './chain/chain-follower.ts';
import { ChainWriter } from './chain/chain-writer.ts';
import { signGenesis } from './chain/sign-event.ts';
import { RelayProblem, StorageError, UsageError } from './errors.ts';
import { genesisOf, IDENTITY_PARAMETERS } from './genesis.ts';
import { createMlsIdentity, parseMlsIdentity, serialiseMlsIdentity, type MlsIdentity } from './mls/index.ts';
import type { Platform } from './platform.ts';
import type { Storage, StorageWrite } from './storage.ts';

const MAX_MLS_IDENTITY_BYTES = 1_024;
const KEY = 'identity';

const recordCodec = struct('IdentityRecord', {
  version: version(1),
  seed: opaque(SEED_BYTES),
  chain: opaque(HASH_BYTES),
  mls: opaqueVector(MAX_MLS_IDENTITY_BYTES),
  /** The signed genesis, until the relay has it. */
  founding: optional(struct('Founding', { event: opaqueVector(MAX_EVENT_BYTES), signature: opaque(SIGNATURE_BYTES) })),
});

type IdentityRecord = Omit<Decoded<typeof recordCodec>, 'version'>;

/** Who this device is. */
export interface Identity {
  /** The public key, base64url: what others invite. */
  readonly actor: string;
  /** The same for people to compare, such as `k7fq-2mxd-xw3n-abcd`. */
  readonly fingerprint: string;
  /** Id of the identity chain, base64url. */
  readonly chain: string;
}

/** An identity with its keys. */
export interface OwnIdentity {
  readonly view: Identity;
  readonly signer: ActorSigner;
  readonly mls: MlsIdentity;
  /** Opens what was sealed to the actor. */
  readonly agreementSecret: Uint8Array;
  /** Whether the relay is known to have its chain. */
  readonly isFounded: boolean;
}

export type IdentityContext = ChainContext & { readonly platform: Platform };

interface StoredIdentityContext {
  readonly storage: Storage;
  readonly platform: Platform;
}

/** The identity of this storage, if it has one. */
export async function loadIdentity({ storage, platform }: IdentityContext): Promise<OwnIdentity | undefined> {
  const bytes = await storage.read(KEY);
  return bytes && openRecord(parseRecord(bytes), platform);
}

/**
 * Draws the keys of a new identity and stores them, before anyone hears of it. Rejects with `identity-exists` where there
 * is one: keys are never replaced.
 */
export async function drawIdentity(context: IdentityContext): Promise<OwnIdentity> {
  const { storage, platform } = context;
  return storage.exclusive(KEY, async () => {
    await assertNoIdentity(storage);
    const seed = platform.randomBytes(SEED_BYTES);
    const mls = serialiseMlsIdentity(await createMlsIdentity(platform.makeSigner(seed)));
    const record = await signFounding({ seed, mls }, context);
    await storage.commit([{ key: KEY, value: encodeRecord(record) }]);
    return openRecord(record, platform);
  });
}

/** What a backup needs to bring the identity back; its seed is a secret. */
export interface ExportedIdentity {
  readonly actor: Uint8Array;
  readonly seed: Uint8Array;
  readonly chain: Uint8Array;
}

/** Rejects with `identity-missing` where there is none, and with `identity-unfounded` where no relay has its chain yet. */
export async function exportIdentity({ storage, platform }: StoredIdentityContext): Promise<ExportedIdentity> {
  const bytes = await storage.read(KEY);
  if (bytes === undefined) throw new UsageError('identity-missing', 'this storage has no identity');
  const { seed, chain, founding } = parseRecord(bytes);
  if (founding !== undefined) throw new UsageError('identity-unfounded', 'no relay has the chain of this identity yet');
  return { actor: platform.makeSigner(seed.slice()).actor, seed, chain };
}

/**
 * Stores an exported identity together with `writes`, with an MLS signature key of its own: the one that it had is another
 * device's (`BK4`). Rejects with `identity-exists` where there is one, and with `malformed-backup` where the seed is not
 * the actor's.
 */
export async function importIdentity(
  { actor, seed, chain }: ExportedIdentity,
  writes: readonly StorageWrite[],
  { storage, platform }: StoredIdentityContext,
): Promise<Identity> {
  return storage.exclusive(KEY, async () => {
    await assertNoIdentity(storage);
    const signer = platform.makeSigner(seed.slice());
    if (!equalBytes(signer.actor, actor)) throw new UsageError('malformed-backup', 'the key is not the identity’s');
    const mls = serialiseMlsIdentity(await createMlsIdentity(signer));
    const record = { seed, chain, mls, founding: undefined };
    await storage.commit([{ key: KEY, value: encodeRecord(record) }, ...writes]);
    return openRecord(record, platform).view;
  });
}

/** Rejects where the storage has an identity: a key is never replaced. */
export async function assertNoIdentity(storage: Storage): Promise<void> {
  if ((await storage.read(KEY)) !== undefined) throw new UsageError('identity-exists', 'this storage has an identity');
}

/** Brings the identity's chain to the relay, where it is not known to be. Safe to call again after any failure. */
export async function foundIdentity(context: IdentityContext, signal?: AbortSignal): Promise<OwnIdentity> {
  const { storage, platform } = context;
  const record = parseRecord((await storage.read(KEY)) ?? new Uint8Array(0));
  const { founding } = record;
  if (founding === undefined) return openRecord(record, platform);
  try {
    await found(record.chain, founding, context, signal);
  } catch (error) {
    if (!(error instanceof RelayProblem) || error.code !== 'clock-skew') throw error;
    // Signed too long ago: nobody has it, so another one takes its place. A clock that is wrong fails again.
    const renewed = await signFounding(record, context);
    await storage.commit([{ key: KEY, value: encodeRecord(renewed) }]);
    await found(renewed.chain, renewed.founding ?? founding, context, signal);
    return settle(renewed, context);
  }
  return settle(record, context);
}

async function settle(record: IdentityRecord, { storage, platform }: IdentityContext): Promise<OwnIdentity> {
  const settled = { ...record, founding: undefined };
  await storage.commit([{ key: KEY, value: encodeRecord(settled) }]);
  return openRecord(settled, platform);
}

async function found(
  chain: Uint8Array,
  founding: NonNullable<IdentityRecord['founding']>,
  context: IdentityContext,
  signal: AbortSignal | undefined,
): Promise<void> {
  const follower = new ChainFollower(context, chain as ChainId);
  const writer = new ChainWriter(context, follower);
  await writer.found({ ...founding, payload: undefined }, signal);
}

async function signFounding(
  { seed, mls }: Pick<IdentityRecord, 'seed' | 'mls'>,
  { platform, relay }: IdentityContext,
): Promise<IdentityRecord> {
  const signing = { platform, relay, signer: platform.makeSigner(seed) };
  const { genesis, chain } = await signGenesis(genesisOf(IDENTITY_PARAMETERS, {}, signing), signing);
  return { seed, mls, chain, founding: { event: genesis.event, signature: genesis.signature } };
}

function openRecord({ seed, chain, mls: bytes, founding }: IdentityRecord, platform: Platform): OwnIdentity {
  const signer = platform.makeSigner(seed.slice());
  const mls = parseMlsIdentity(bytes);
  if (!mls.ok) throw new StorageError('storage-damaged', `the identity's MLS keys: ${mls.error.code}`);
  const view = {
    actor: toBase64Url(signer.actor),
    fingerprint: fingerprintOf(signer.actor),
    chain: toBase64Url(chain),
  };
  return { view, signer, mls: mls.value, agreementSecret: agreementSecretOf(seed), isFounded: founding === undefined };
}

function encodeRecord(record: IdentityRecord): Uint8Array {
  return encode(recordCodec, { ...record, version: 1 });
}

function parseRecord(bytes: Uint8Array): IdentityRecord {
  const record = decode(recordCodec, bytes);
  if (!record.ok) throw new StorageError('storage-damaged', `the identity is ${record.error.reason}`);
  return record.value;
}
