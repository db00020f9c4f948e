import {
  activeDevice,
  decode,
  encode,
  equalBytes,
  HASH_BYTES,
  opaque,
  optional,
  recoveryCompleted,
  recoveryStarted,
  SEED_BYTES,
  struct,
  uint64,
  version,
  type ChainId,
  type Decoded,
  type IdentityState,
} from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';
import { ChainFollower } from '../chain/chain-follower.ts';
import { ChainWriter } from '../chain/chain-writer.ts';
import { newEventId } from '../chain/sign-event.ts';
import { RelayProblem, StorageError, UsageError } from '../errors.ts';
import type { CallOptions } from '../group/group.ts';
import { assertNoIdentity, importIdentity, type Identity, type IdentityContext } from '../identity.ts';
import type { StorageWrite } from '../storage.ts';
import { identityStateOf } from './account-view.ts';
import type { JoiningContext } from './join-account.ts';
import { provePossession } from './possession.ts';
import { parseRecoveryCode } from './recovery-code.ts';

const KEY = 'account-recovery';

const recordCodec = struct('RecoveryRecord', {
  version: version(1),
  /** The account. */
  chain: opaque(HASH_BYTES),
  /** Of the key that the new device will have. */
  seed: opaque(SEED_BYTES),
  /** Index of the entry that began it, once the log shows it. */
  index: optional(uint64),
});

type RecoveryRecord = Omit<Decoded<typeof recordCodec>, 'version'>;

/** How an account is recovered. */
export interface RecoverAccountOptions extends CallOptions {
  /** What was written down when the recovery key was set. Not needed again once the recovery has begun. */
  readonly code?: string;
  /** What this device is to be called: 1 to 64 bytes. */
  readonly name?: string;
}

/** How far a recovery is. */
export type AccountRecovery =
  /** `until`: ms since the Unix epoch, by the relay's clock. Until then any device of the account can cancel. */
  { readonly kind: 'waiting'; readonly until: number } | { readonly kind: 'recovered'; readonly identity: Identity };

/**
 * Begins a recovery by its code, or goes on with the one that was begun here; the same call later completes it. The device's
 * key is stored before anybody hears of it, and the recovery key never is.
 */
export async function recoverAccount(
  context: JoiningContext,
  { code, name = 'recovered', signal }: RecoverAccountOptions,
): Promise<AccountRecovery> {
  await assertNoIdentity(context.storage);
  const record = await takeRecord(context, code);
  const begun = record.index === undefined ? await begin(record, { context, code, name, signal }) : record;
  return complete(begun, context, signal);
}

/** The recovery that was begun here, or the beginning of another. */
async function takeRecord({ storage, platform }: IdentityContext, code: string | undefined): Promise<RecoveryRecord> {
  return storage.exclusive(KEY, async () => {
    const bytes = await storage.read(KEY);
    if (bytes !== undefined) return parse(bytes);
    const { chain } = parseRecoveryCode(needed(code));
    const record = { chain, seed: platform.randomBytes(SEED_BYTES), index: undefined };
    await storage.commit([writeOf(record)]);
    return record;
  });
}

interface Beginning {
  readonly context: JoiningContext;
  readonly code: string | undefined;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/** Has the recovery key ask for the device. An attempt whose answer was lost is found in the log. */
async function begin(
  record: RecoveryRecord,
  { context, code, name, signal }: Beginning,
): Promise<RecoveryRecord & { readonly index: number }> {
  const { platform, storage, actAs } = context;
  const secret = parseRecoveryCode(needed(code));
  const recovery = platform.makeSigner(secret.seed.slice());
  const device = platform.makeSigner(record.seed.slice());
  actAs(recovery);
  const { follower, writer } = openChain(context, secret.chain as ChainId);
  const state = await readAs(recovery, follower, signal);
  const pending = state.recovery?.pending;
  const isOurs = pending !== undefined && equalBytes(pending.device, device.actor);
  const index = isOurs ? pending.since : await ask();
  const begun = { ...record, chain: secret.chain, index };
  await storage.commit([writeOf(begun)]);
  return begun;

  async function ask(): Promise<number> {
    const eventId = newEventId(platform);
    const proof = await provePossession(device, 'device', { chain: secret.chain, eventId });
    const body = recoveryStarted.encodeBody({ device: device.actor, name, proof });
    const draft = { type: recoveryStarted.type, body, eventId };
    return (await writer.append(draft, { platform, signer: recovery }, signal)).index;
  }
}

/** The account as the recovery key sees it. To a key that stands no longer, the relay says that there is nothing. */
async function readAs(
  recovery: ActorSigner,
  follower: ChainFollower,
  signal: AbortSignal | undefined,
): Promise<IdentityState> {
  try {
    await follower.catchUp(signal);
    const state = identityStateOf(await follower.known(signal));
    if (state.recovery !== undefined && equalBytes(state.recovery.actor, recovery.actor)) return state;
  } catch (error) {
    if (!(error instanceof RelayProblem) || error.code !== 'not-found') throw error;
  }
  throw new UsageError('recovery-code-unknown', 'no account here is recovered by this code');
}

async function complete(
  record: RecoveryRecord & { readonly index?: number | undefined },
  context: JoiningContext,
  signal: AbortSignal | undefined,
): Promise<AccountRecovery> {
  const { platform, storage } = context;
  const signer = platform.makeSigner(record.seed.slice());
  context.actAs(signer);
  const { follower, writer } = openChain(context, record.chain as ChainId);
  try {
    await follower.catchUp(signal);
    const state = identityStateOf(await follower.known(signal));
    if (activeDevice(state, signer.actor) === undefined) {
      const body = recoveryCompleted.encodeBody({ index: record.index ?? 0 });
      const draft = { type: recoveryCompleted.type, body, eventId: newEventId(platform) };
      await writer.append(draft, { platform, signer }, signal);
    }
  } catch (error) {
    if (!(error instanceof RelayProblem)) throw error;
    if (error.code === 'recovery-waiting') return { kind: 'waiting', until: Number(error.details['until']) };
    if (!ENDED.has(error.code)) throw error;
    await storage.commit([{ key: KEY, value: undefined }]);
    throw new UsageError('recovery-ended', 'this recovery was cancelled');
  }
  const { chain, seed } = record;
  const done = [{ key: KEY, value: undefined }];
  return { kind: 'recovered', identity: await importIdentity({ actor: signer.actor, seed, chain }, done, context) };
}

/** What a relay says to the device of a recovery that is none any more. */
const ENDED: ReadonlySet<string> = new Set(['not-found', 'not-permitted', 'no-such-recovery']);

function openChain(context: JoiningContext, chain: ChainId): { follower: ChainFollower; writer: ChainWriter } {
  const follower = new ChainFollower(context, chain);
  return { follower, writer: new ChainWriter(context, follower) };
}

function needed(code: string | undefined): string {
  if (code !== undefined) return code;
  throw new UsageError('recovery-code-missing', 'no recovery was begun in this storage');
}

function writeOf(record: RecoveryRecord): StorageWrite {
  return { key: KEY, value: encode(recordCodec, { ...record, version: 1 }) };
}

function parse(bytes: Uint8Array): RecoveryRecord {
  const record = decode(recordCodec, bytes);
  if (!record.ok) throw new StorageError('storage-damaged', `the recovery is ${record.error.reason}`);
  return record.value;
}
