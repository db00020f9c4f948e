import type { ClientState, EncryptedGroupSecrets, Extension } from 'ts-mls';
import { createGroupInfo } from 'ts-mls/createCommit.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { toLeafIndex } from 'ts-mls/treemath.js';
import { firstCommonAncestor } from 'ts-mls/updatePath.js';
import { encryptGroupInfo, encryptGroupSecrets } from 'ts-mls/welcome.js';
import type { BegunEpoch, RenewedTree } from './next-epoch.ts';
import { loadSuite } from './suite.ts';

/** Extension type of a GroupInfo, from the private range, that carries a note for joiners (`ML33`). */
export const JOINER_NOTE_EXTENSION = 0xf0a1;

interface WelcomeOptions {
  readonly joinerNote: Uint8Array | undefined;
  /** Where the relay can't give the tree to joiners (`ML103`). */
  readonly holdsTree: boolean;
}

/**
 * The Welcome for everyone whom a commit adds (RFC 9420 §12.4.3.1), as an MLSMessage: the GroupInfo, without its tree unless that
 * is to be had from nobody else (`ML94`), and for each joiner the secret of the lowest node that it shares with the committer.
 */
export async function makeWelcome(
  epoch: BegunEpoch,
  renewed: RenewedTree,
  { joinerNote, holdsTree }: WelcomeOptions,
): Promise<Uint8Array | undefined> {
  if (renewed.joiners.length === 0) return undefined;
  const { client } = epoch;
  const { cipherSuite } = client.groupContext;
  const suite = await loadSuite(cipherSuite);
  const groupInfo = await createGroupInfo(
    client.groupContext,
    client.confirmationTag,
    client,
    [...noteExtensions(joinerNote), ...(holdsTree ? [treeExtension(client)] : [])],
    suite,
  );
  const encryptedGroupInfo = await encryptGroupInfo(groupInfo, epoch.welcomeSecret, suite);
  const secrets = await Promise.all(
    renewed.joiners.map((joiner) => encryptSecrets(joiner, { epoch, renewed, encryptedGroupInfo })),
  );
  const welcome = { cipherSuite, secrets, encryptedGroupInfo };
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome });
}

function noteExtensions(joinerNote: Uint8Array | undefined): Extension[] {
  return joinerNote === undefined ? [] : [{ extensionType: JOINER_NOTE_EXTENSION, extensionData: joinerNote }];
}

function treeExtension({ ratchetTree }: ClientState): Extension {
  return { extensionType: 'ratchet_tree', extensionData: encodeRatchetTree(ratchetTree) };
}

async function encryptSecrets(
  [leafIndex, keyPackage]: RenewedTree['joiners'][number],
  from: { epoch: BegunEpoch; renewed: RenewedTree; encryptedGroupInfo: Uint8Array },
): Promise<EncryptedGroupSecrets> {
  const { epoch, renewed, encryptedGroupInfo } = from;
  const { hpke, hash } = await loadSuite(keyPackage.cipherSuite);
  const committer = toLeafIndex(epoch.client.privatePath.leafIndex);
  const shared = firstCommonAncestor(renewed.tree, leafIndex, committer);
  const pathSecret = renewed.pathSecrets.find(({ nodeIndex }) => nodeIndex === shared)?.secret;
  const groupSecrets = { joinerSecret: epoch.joinerSecret, pathSecret, psks: renewed.psk.ids };
  const initKey = await hpke.importPublicKey(keyPackage.initKey);
  const { enc, ct } = await encryptGroupSecrets(initKey, encryptedGroupInfo, groupSecrets, hpke);
  const newMember = await makeKeyPackageRef(keyPackage, hash);
  return { newMember, encryptedGroupSecrets: { kemOutput: enc, ciphertext: ct } };
}
