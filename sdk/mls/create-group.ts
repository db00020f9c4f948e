import type { ClientState } from 'ts-mls';
import { createGroup as createClientState } from 'ts-mls/clientState.js';
import { createGroupInfoWithExternalPub, createGroupInfoWithExternalPubAndRatchetTree } from 'ts-mls/createCommit.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { externalSenderExtension, type ExternalSender } from '../../core/mls/index.ts';
import { clientConfigFor } from './client-config.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState } from './open-state.ts';
import type { MlsIdentity } from './identity.ts';
import { drawKeyPackage } from './own-key-package.ts';
import { loadSuite } from './suite.ts';

export interface GroupFounding {
  /** The chain id. */
  readonly groupId: Uint8Array;
  readonly identity: MlsIdentity;
  readonly nowMs: number;
  /** Who may propose from outside; nobody where it is not given. Its binding is true. */
  readonly proposer?: ExternalSender | undefined;
}

export interface FoundedGroup {
  readonly state: GroupState;
  /** An MLSMessage with the GroupInfo of epoch 0, tree and `external_pub` in it. */
  readonly groupInfo: Uint8Array;
  readonly treeHash: Uint8Array;
}

/** A group at epoch 0 whose only member is its founder. */
export async function createGroup(founding: GroupFounding): Promise<FoundedGroup> {
  const { keyPackage, secrets } = await drawKeyPackage(founding.identity, { nowMs: founding.nowMs });
  const client = await createClientState(
    founding.groupId.slice(),
    keyPackage,
    secrets,
    founding.proposer === undefined ? [] : [externalSenderExtension(founding.proposer)],
    await loadSuite(keyPackage.cipherSuite),
    clientConfigFor(founding.identity.suite.id),
  );
  const state = makeState(client);
  if (!state.ok) throw new Error(`founded a group that is refused: ${state.error.code}`);
  return { state: state.value, groupInfo: await encodeGroupInfo(client), treeHash: client.groupContext.treeHash };
}

/** The GroupInfo of a state's epoch, signed by this client: an MLSMessage with tree and `external_pub`. */
export function makeGroupInfo(state: GroupState): Promise<Uint8Array> {
  return encodeGroupInfo(openState(state).client);
}

/** The same without the tree, which a relay that follows the group has already (`ML90`). */
export function makeGroupInfoWithoutTree(state: GroupState): Promise<Uint8Array> {
  return encodeGroupInfo(openState(state).client, createGroupInfoWithExternalPub);
}

async function encodeGroupInfo(
  client: ClientState,
  create = createGroupInfoWithExternalPubAndRatchetTree,
): Promise<Uint8Array> {
  const groupInfo = await create(client, [], await loadSuite(client.groupContext.cipherSuite));
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo });
}
