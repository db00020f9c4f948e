import type { ClientState, GroupInfo } from 'ts-mls';
import { addHistoricalReceiverData } from 'ts-mls/clientState.js';
import { joinGroupExternal } from 'ts-mls/createCommit.js';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { equalBytes, ok, sha256, type Result } from '../../core/index.ts';
import { MAX_COMMIT_BYTES, parseGroupInfo } from '../../core/mls/index.ts';
import { clientConfigFor, RETAINED_EPOCHS } from './client-config.ts';
import { makeGroupInfoWithoutTree } from './create-group.ts';
import { decodeTree } from './decode-tree.ts';
import type { GroupState } from './group-state.ts';
import type { MlsIdentity } from './identity.ts';
import { makeState, openState } from './open-state.ts';
import { drawKeyPackage } from './own-key-package.ts';
import type { PendingCommit } from './pending-commit.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

export interface ResyncRequest {
  readonly identity: MlsIdentity;
  /** Of the epoch in force, as an MLSMessage: the caller has compared its hash with what the log names. */
  readonly groupInfo: Uint8Array;
  /** Of that epoch, where the GroupInfo doesn't hold it. */
  readonly ratchetTree?: Uint8Array | undefined;
  /** Of the event that carries the commit, see `encodeAuthenticatedData`. */
  readonly authenticatedData: Uint8Array;
  readonly nowMs: number;
}

/**
 * Prepares an external commit that takes this client's own leaf out and brings a new one in (RFC 9420 §12.4.3.2): the way
 * back for a member that lost the keys of its group. It needs no secret of the group. In force once it is accepted: see
 * `acceptResync`.
 */
export async function resync(request: ResyncRequest): Promise<Result<PendingCommit, EngineRefusal>> {
  const parsed = parseGroupInfo(request.groupInfo, request.ratchetTree);
  if (!parsed.ok) return parsed;
  const { leaves, externalPub, epoch, suite } = parsed.value;
  if (suite !== request.identity.suite.id) return refuse('resync-refused');
  const isPossible = externalPub !== undefined && leaves.some(({ actor }) => equalBytes(actor, request.identity.actor));
  const made = isPossible ? await joinFromOutside(request) : undefined;
  if (made === undefined) return refuse('resync-refused');
  const { commit, client } = made;
  if (commit.length > MAX_COMMIT_BYTES) return refuse('mls-too-large');
  const next = makeState(client);
  if (!next.ok) return next;
  return ok({
    epoch,
    commit,
    commitHash: sha256(commit),
    welcome: undefined,
    groupInfo: await makeGroupInfoWithoutTree(next.value),
    treeHash: client.groupContext.treeHash,
    next: next.value,
  });
}

async function joinFromOutside(
  request: ResyncRequest,
): Promise<{ readonly commit: Uint8Array; readonly client: ClientState } | undefined> {
  const { identity, groupInfo, ratchetTree, authenticatedData, nowMs } = request;
  try {
    const { keyPackage, secrets } = await drawKeyPackage(identity, { nowMs });
    const decoded = decodeGroupInfo(groupInfo);
    const { publicMessage, newState } = await joinGroupExternal(
      decoded,
      keyPackage,
      secrets,
      true,
      await loadSuite(decoded.groupContext.cipherSuite),
      ratchetTree && decodeTree(ratchetTree, identity.suite),
      clientConfigFor(identity.suite.id),
      authenticatedData,
    );
    const commit = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
    return { commit, client: newState };
  } catch {
    // A signature or binding of the tree, or the signer's, does not verify.
    return undefined;
  }
}

/** From a copy: the state keeps parts of the message, and the caller's buffer may be used again. */
function decodeGroupInfo(bytes: Uint8Array): GroupInfo {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_group_info') throw new TypeError('parsed as a GroupInfo before');
  return message.groupInfo;
}

/**
 * The state of the epoch that an accepted resync began. `former` is the one whose thread was lost: what was sent in its
 * epochs and comes late can still be read, as long as any member reads it (`ML42`).
 */
export function acceptResync(former: GroupState, pending: PendingCommit): Result<GroupState, EngineRefusal> {
  const isSuccessor = former.epoch <= pending.epoch && equalBytes(former.groupId, pending.next.groupId);
  if (!isSuccessor || former.status === 'removed') return refuse('pending-stale');
  const [kept] = addHistoricalReceiverData(openState(former).client);
  const oldest = BigInt(pending.next.epoch - RETAINED_EPOCHS);
  const historicalReceiverData = new Map([...kept].filter(([epoch]) => epoch >= oldest));
  return makeState({ ...openState(pending.next).client, historicalReceiverData });
}
