import {
  activeDevice,
  agreementSecretOf,
  decode,
  encode,
  fromBase64Url,
  HASH_BYTES,
  MINUTE_MS,
  opaque,
  optional,
  parseActorKey,
  SEED_BYTES,
  struct,
  toBase64Url,
  version,
  type ActorKey,
  type ChainId,
  type Decoded,
} from '../../core/index.ts';
import type { ActorSigner } from '../actor-signer.ts';
import { ChainFollower } from '../chain/chain-follower.ts';
import { sealEnvelope } from '../envelope.ts';
import { RelayProblem, StorageError } from '../errors.ts';
import type { CallOptions } from '../group/group.ts';
import { assertNoIdentity, importIdentity, type Identity, type IdentityContext } from '../identity.ts';
import { openEnvelopes, type Envelope } from '../inbox-envelopes.ts';
import { Mailbox } from '../mailbox.ts';
import { MailboxTokens, parseToken } from '../mailbox-tokens.ts';
import type { StorageWrite } from '../storage.ts';
import { identityStateOf } from './account-view.ts';
import { assertTimeLeft, awaitEnvelope } from './await-envelope.ts';
import { pairingAnswer, pairingCheck, readRequest, writeOffer, type pairingRequest } from './pairing-code.ts';
import { provePossession } from './possession.ts';

const KEY = 'pairing';
const DEFAULT_LIFETIME_MS = 10 * MINUTE_MS;
/** Requests that one offer takes: somebody may begin anew at the other device. */
const MAX_REQUESTS = 4;
const LOOK_MS = 1_000;

const recordCodec = struct('PairingRecord', {
  version: version(1),
  seed: opaque(SEED_BYTES),
  /** The account that the key was proven for. */
  chain: optional(opaque(HASH_BYTES)),
});

/** How a new device comes into an account. */
export interface JoinAccountOptions extends CallOptions {
  /** What it is to be called: 1 to 64 bytes. */
  readonly name: string;
  /** Called with the code to show to a device of the account, as text or as a picture. */
  readonly onOffer: (code: string) => void;
  /** Called with what both devices must show alike (`ID15`), and with the key of the one that answered, base64url. */
  readonly onCheck: (check: string, introducer: string) => void;
  /** How long the code is good, ms; 10 minutes where it is not given. */
  readonly lifetimeMs?: number;
}

export type JoiningContext = IdentityContext & {
  /** From here on requests are signed by this key. */
  readonly actAs: (signer: ActorSigner) => void;
};

/** Draws a key, has an account let it in, and makes it the identity of this storage. Finishes an attempt that was cut short. */
export async function joinAccount(context: JoiningContext, options: JoinAccountOptions): Promise<Identity> {
  await assertNoIdentity(context.storage);
  const device = await takeDevice(context);
  context.actAs(device.signer);
  const { chain } = device.record;
  if (chain !== undefined && (await isIn(chain as ChainId, device, context, options.signal))) {
    return settle(chain, device, context);
  }
  return settle(await pair(device, context, options), device, context);
}

type JoiningRecord = Omit<Decoded<typeof recordCodec>, 'version'>;

interface JoiningDevice {
  readonly record: JoiningRecord;
  readonly signer: ActorSigner;
}

/** The key of an attempt before, or another one, stored before anybody hears of it. */
async function takeDevice({ storage, platform }: IdentityContext): Promise<JoiningDevice> {
  return storage.exclusive(KEY, async () => {
    const bytes = await storage.read(KEY);
    const record = bytes === undefined ? { seed: platform.randomBytes(SEED_BYTES), chain: undefined } : parse(bytes);
    if (bytes === undefined) await storage.commit([writeOf(record)]);
    return { record, signer: platform.makeSigner(record.seed.slice()) };
  });
}

/** Returns the account's chain once the device is in it. */
async function pair(
  { record, signer }: JoiningDevice,
  context: JoiningContext,
  { name, onOffer, onCheck, signal, lifetimeMs = DEFAULT_LIFETIME_MS }: JoinAccountOptions,
): Promise<Uint8Array> {
  const { client, platform, storage } = context;
  const until = platform.now() + lifetimeMs;
  const token = await new MailboxTokens(context, signer).issue({ uses: MAX_REQUESTS, lifetimeMs, signal });
  onOffer(writeOffer(parseToken(token)));
  const { introducer, request } = await awaitRequest({ record, signer }, context, { until, signal });
  const { chain, eventId, reply } = request;
  await storage.commit([writeOf({ ...record, chain })]);
  onCheck(pairingCheck({ chain, eventId, introducer, device: signer.actor }), toBase64Url(introducer));
  const proof = await provePossession(signer, 'device', { chain, eventId });
  const content = encode(pairingAnswer, { version: 1, eventId, name, proof });
  const envelope = await sealEnvelope(content, { recipient: introducer, signer, now: platform.now() });
  await client.postEnvelope(introducer, { grant: { kind: 'token', value: reply }, envelope }, signal);
  while (!(await isIn(chain as ChainId, { record, signer }, context, signal))) {
    assertTimeLeft(platform, until);
    await platform.delay(LOOK_MS, signal);
  }
  return chain;
}

interface Request {
  readonly introducer: ActorKey;
  readonly request: Decoded<typeof pairingRequest>;
}

async function awaitRequest(
  { record, signer }: JoiningDevice,
  context: JoiningContext,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal | undefined },
): Promise<Request> {
  const mailbox = new Mailbox(context, signer.actor);
  const keys = { recipient: signer.actor, secret: agreementSecretOf(record.seed), check: context.check };
  const fetch = async (): Promise<readonly Envelope[]> => {
    await mailbox.fetchAll(signal);
    return openEnvelopes(mailbox, keys);
  };
  return awaitEnvelope({ fetch, platform: context.platform, until, signal }, ({ sender, content }) => {
    const introducer = parseActorKey(fromBase64Url(sender ?? '') ?? new Uint8Array());
    const request = readRequest(content);
    return introducer && request && { introducer, request };
  });
}

/** Whether the verified log of the account says so. To whoever is not in, the relay says that there is nothing. */
async function isIn(
  chain: ChainId,
  { signer }: JoiningDevice,
  context: IdentityContext,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const follower = new ChainFollower(context, chain);
  try {
    await follower.catchUp(signal);
  } catch (error) {
    if (error instanceof RelayProblem && error.code === 'not-found') return false;
    throw error;
  }
  return activeDevice(identityStateOf(await follower.known(signal)), signer.actor) !== undefined;
}

function settle(chain: Uint8Array, { record, signer }: JoiningDevice, context: IdentityContext): Promise<Identity> {
  return importIdentity({ actor: signer.actor, seed: record.seed, chain }, [{ key: KEY, value: undefined }], context);
}

function writeOf(record: JoiningRecord): StorageWrite {
  return { key: KEY, value: encode(recordCodec, { ...record, version: 1 }) };
}

function parse(bytes: Uint8Array): JoiningRecord {
  const record = decode(recordCodec, bytes);
  if (!record.ok) throw new StorageError('storage-damaged', `the pairing is ${record.error.reason}`);
  return record.value;
}
