import type {
  CiphersuiteImpl,
  ClientState,
  Commit,
  GroupContext,
  KeyPackage,
  LeafIndex,
  PreSharedKeyID,
  RatchetTree,
} from 'ts-mls';
import { nextEpochContext } from 'ts-mls/clientState.js';
import {
  createConfirmationTag,
  createContentCommitSignature,
  type FramedContentAuthDataCommit,
  type FramedContentCommit,
} from 'ts-mls/framedContent.js';
import { initializeEpoch, type EpochSecrets } from 'ts-mls/keySchedule.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { protectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { pathToPathSecrets } from 'ts-mls/pathSecrets.js';
import { mergePrivateKeyPaths, toPrivateKeyPath, updateLeafKey, type PrivateKeyPath } from 'ts-mls/privateKeyPath.js';
import { createSecretTree } from 'ts-mls/secretTree.js';
import { treeHashRoot } from 'ts-mls/treeHash.js';
import { leafWidth } from 'ts-mls/treemath.js';
import type { PathSecret } from 'ts-mls/updatePath.js';
import type { HandshakeMode } from '../../core/index.ts';
import { encryptCommit, type FramedCommit } from './opaque-handshake.ts';
import { loadSuite } from './suite.ts';

/** The tree after a commit's proposals and path, and the secrets of that path. */
export interface RenewedTree {
  readonly tree: RatchetTree;
  readonly commit: Commit;
  readonly joiners: readonly (readonly [LeafIndex, KeyPackage])[];
  /** What its pre-shared keys come to (RFC 9420 §8.4), zeros where it has none, and what they are. */
  readonly psk: { readonly secret: Uint8Array; readonly ids: PreSharedKeyID[] };
  /** From the leaf's parent up. */
  readonly pathSecrets: PathSecret[];
  readonly leafKey: Uint8Array;
  readonly commitSecret: Uint8Array;
}

/** The epoch that a commit of this client begins. */
export interface BegunEpoch extends FramedCommit {
  readonly client: ClientState;
  readonly joinerSecret: Uint8Array;
  readonly welcomeSecret: Uint8Array;
}

/** Signs the commit in the epoch that it ends, and derives the next one (RFC 9420 §8, §12.4.1). */
export async function beginEpoch(
  client: ClientState,
  renewed: RenewedTree,
  { authenticatedData, handshakes }: { readonly authenticatedData: Uint8Array; readonly handshakes: HandshakeMode },
): Promise<BegunEpoch> {
  const { groupContext, signaturePrivateKey, privatePath, keySchedule } = client;
  const suite = await loadSuite(groupContext.cipherSuite);
  const wireformat = handshakes === 'opaque' ? 'mls_private_message' : 'mls_public_message';
  const { framedContent: content, signature } = await createContentCommitSignature(
    groupContext,
    wireformat,
    renewed.commit,
    { senderType: 'member', leafIndex: privatePath.leafIndex },
    authenticatedData,
    signaturePrivateKey,
    suite.signature,
  );
  const nextContext = await nextEpochContext(
    groupContext,
    wireformat,
    content,
    signature,
    await treeHashRoot(renewed.tree, suite.hash),
    client.confirmationTag,
    suite.hash,
  );
  const { commitSecret, psk } = renewed;
  const secrets = await initializeEpoch(keySchedule.initSecret, commitSecret, nextContext, psk.secret, suite.kdf);
  const { confirmationKey } = secrets.keySchedule;
  const confirmationTag = await createConfirmationTag(confirmationKey, nextContext.confirmedTranscriptHash, suite.hash);
  const auth = { contentType: 'commit', signature, confirmationTag } as const;
  const framed = await (handshakes === 'opaque' ? encryptCommit : frameInPublic)(client, { ...content, auth });
  return {
    ...framed,
    client: await enterEpoch(client, renewed, { nextContext, secrets, confirmationTag }),
    joinerSecret: secrets.joinerSecret,
    welcomeSecret: secrets.welcomeSecret,
  };
}

async function frameInPublic(
  client: ClientState,
  { auth, ...content }: FramedContentCommit & { readonly auth: FramedContentAuthDataCommit },
): Promise<FramedCommit> {
  const { groupContext, keySchedule } = client;
  const publicMessage = await protectPublicMessage(
    keySchedule.membershipKey,
    groupContext,
    { wireformat: 'mls_public_message', content, auth },
    await loadSuite(groupContext.cipherSuite),
  );
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
  return { message, spent: client };
}

interface NextEpoch {
  readonly nextContext: GroupContext;
  readonly secrets: EpochSecrets;
  readonly confirmationTag: Uint8Array;
}

async function enterEpoch(client: ClientState, renewed: RenewedTree, next: NextEpoch): Promise<ClientState> {
  const suite = await loadSuite(next.nextContext.cipherSuite);
  const { tree } = renewed;
  return {
    ...client,
    groupContext: next.nextContext,
    keySchedule: next.secrets.keySchedule,
    secretTree: await createSecretTree(leafWidth(tree.length), next.secrets.encryptionSecret, suite.kdf),
    ratchetTree: tree,
    privatePath: await renewPrivatePath(client.privatePath, renewed, suite),
    unappliedProposals: {},
    confirmationTag: next.confirmationTag,
    // What the ending epoch leaves to read is known when the commit is accepted: see `acceptOwnCommit`.
    historicalReceiverData: new Map(),
  };
}

async function renewPrivatePath(
  path: PrivateKeyPath,
  { leafKey, pathSecrets }: RenewedTree,
  suite: CiphersuiteImpl,
): Promise<PrivateKeyPath> {
  const renewed = await toPrivateKeyPath(pathToPathSecrets(pathSecrets), path.leafIndex, suite);
  return mergePrivateKeyPaths(updateLeafKey(path, leafKey), renewed);
}
