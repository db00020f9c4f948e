import type { CiphersuiteImpl, ClientState, KeyPackage, MLSMessage, PskIndex, Welcome } from 'ts-mls';
import { joinGroup, makePskIndex } from 'ts-mls/clientState.js';
import type { CiphersuiteId } from 'ts-mls/crypto/ciphersuite.js';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { defaultKeyPackageEqualityConfig } from 'ts-mls/keyPackageEqualityConfig.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { accumulatePskSecret } from 'ts-mls/pskIndex.js';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { equalBytes, toBase64, toHex, type Result, type VerifyJob } from '../../core/index.ts';
import {
  addProposal,
  applyCommit,
  bootstrapGroup,
  treeHashOf,
  unboundMembers,
  type PublicGroup,
} from '../../core/mls/index.ts';
import { clientConfigFor } from '../../sdk/mls/client-config.ts';
import { memberSuiteOf, publicSuiteOf } from './mls-suites.ts';
import { bytesOf } from './vector-bytes.ts';

export interface PassiveClientVector {
  readonly cipher_suite: CiphersuiteId;
  readonly external_psks: readonly { readonly psk_id: string; readonly psk: string }[];
  readonly key_package: string;
  readonly signature_priv: string;
  readonly encryption_priv: string;
  readonly init_priv: string;
  readonly welcome: string;
  readonly ratchet_tree: string | null;
  readonly initial_epoch_authenticator: string;
  readonly epochs: readonly {
    readonly proposals: readonly string[];
    readonly commit: string;
    readonly epoch_authenticator: string;
  }[];
}

/** These groups' credentials are bound to no actor, and their lifetimes end when they like. */
const TRUSTING = {
  ...clientConfigFor(1),
  authService: { validateCredential: async () => true },
  keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
};

/**
 * A member joins by the Welcome and follows every epoch with its secrets, and beside it somebody without any follows from
 * the GroupInfo alone. Both must come to the same GroupContext.
 */
export async function passiveClientFaults(vector: PassiveClientVector): Promise<string[]> {
  const suite = await memberSuiteOf(vector.cipher_suite);
  const joined = await join(vector, suite);
  const faults = differsFrom(joined.member, vector.initial_epoch_authenticator, 'the Welcome');
  let { member } = joined;
  let group = await accepted(bootstrapGroup(joined.groupInfo, joined.options), suite);
  for (const [index, epoch] of vector.epochs.entries()) {
    for (const proposal of epoch.proposals) {
      member = await follow(member, bytesOf(proposal), vector, suite);
      group = await accepted(addProposal(group, bytesOf(proposal)), suite);
    }
    member = await follow(member, bytesOf(epoch.commit), vector, suite);
    group = await accepted(applyCommit(group, bytesOf(epoch.commit)), suite);
    faults.push(...differsFrom(member, epoch.epoch_authenticator, `epoch ${index}`));
    if (!equalBytes(group.encodedContext, encodeGroupContext(member.groupContext))) faults.push(`context ${index}`);
    if (!equalBytes(treeHashOf(group.tree), member.groupContext.treeHash)) faults.push(`tree ${index}`);
  }
  return faults;
}

interface Joined {
  readonly member: ClientState;
  readonly groupInfo: Uint8Array;
  readonly options: Parameters<typeof bootstrapGroup>[1];
}

async function join(vector: PassiveClientVector, suite: CiphersuiteImpl): Promise<Joined> {
  const { keyPackage } = open(vector.key_package, 'mls_key_package');
  const { welcome } = open(vector.welcome, 'mls_welcome');
  const keys = {
    initPrivateKey: bytesOf(vector.init_priv),
    hpkePrivateKey: bytesOf(vector.encryption_priv),
    signaturePrivateKey: bytesOf(vector.signature_priv),
  };
  const psks = makePskIndex(undefined, externalPsksOf(vector));
  const ratchetTree = vector.ratchet_tree === null ? undefined : bytesOf(vector.ratchet_tree);
  const tree = ratchetTree && decodeRatchetTree(ratchetTree, 0)?.[0];
  const member = await joinGroup(welcome, keyPackage, keys, psks, suite, tree, undefined, TRUSTING);
  const groupInfo = await openGroupInfo(welcome, keyPackage, keys.initPrivateKey, psks, suite);
  const rules = unboundMembers(publicSuiteOf(vector.cipher_suite));
  return { member, groupInfo, options: { rules, treeOf: () => ratchetTree } };
}

function open<W extends MLSMessage['wireformat']>(hex: string, wireformat: W) {
  const message = decodeMlsMessage(bytesOf(hex), 0)?.[0];
  if (message?.wireformat !== wireformat) throw new Error(`a vector holds no ${wireformat}`);
  return message as Extract<MLSMessage, { wireformat: W }>;
}

function externalPsksOf({ external_psks: psks }: PassiveClientVector): Record<string, Uint8Array> {
  return Object.fromEntries(psks.map(({ psk_id: id, psk }) => [toBase64(bytesOf(id)), bytesOf(psk)]));
}

/** What the committer sent along: signed by it, and the same that the relay would have. */
async function openGroupInfo(
  welcome: Welcome,
  keyPackage: KeyPackage,
  initPrivateKey: Uint8Array,
  psks: PskIndex,
  suite: CiphersuiteImpl,
): Promise<Uint8Array> {
  const ref = await makeKeyPackageRef(keyPackage, suite.hash);
  // Its type names CryptoKey, which the types of this program don't have.
  const initKey = (await suite.hpke.importPrivateKey(initPrivateKey)) as never;
  const secrets = await decryptGroupSecrets(initKey, ref, welcome, suite.hpke);
  if (secrets === undefined) throw new Error('the Welcome does not open');
  const [pskSecret] = await accumulatePskSecret(secrets.psks, psks, suite, new Uint8Array(suite.kdf.size));
  const groupInfo = await decryptGroupInfo(welcome, secrets.joinerSecret, pskSecret, suite);
  if (groupInfo === undefined) throw new Error('the GroupInfo does not open');
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
}

async function follow(
  member: ClientState,
  message: Uint8Array,
  vector: PassiveClientVector,
  suite: CiphersuiteImpl,
): Promise<ClientState> {
  const { publicMessage } = open(toHex(message), 'mls_public_message');
  const psks = makePskIndex(member, externalPsksOf(vector));
  return (await processPublicMessage(member, publicMessage, psks, suite)).newState;
}

interface Followed {
  readonly group: PublicGroup;
  readonly signatures: readonly VerifyJob[];
}

async function accepted(
  result: Result<Followed, { readonly code: string }>,
  { signature }: CiphersuiteImpl,
): Promise<PublicGroup> {
  if (!result.ok) throw new Error(`the public group refuses: ${result.error.code}`);
  const { group, signatures } = result.value;
  for (const job of signatures) {
    if (!(await signature.verify(job.key, job.message, job.signature))) throw new Error('a signature fails');
  }
  return group;
}

function differsFrom({ keySchedule }: ClientState, authenticator: string, what: string): string[] {
  return toHex(keySchedule.epochAuthenticator) === authenticator ? [] : [`authenticator after ${what}`];
}
