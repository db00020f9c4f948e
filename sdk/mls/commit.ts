import type { CiphersuiteName, ClientState, KeyPackage, LeafIndex, Proposal, ProposalOrRef } from 'ts-mls';
import { applyProposals } from 'ts-mls/clientState.js';
import { leafToNodeIndex, toLeafIndex } from 'ts-mls/treemath.js';
import { createUpdatePath } from 'ts-mls/updatePath.js';
import { equalBytes, fromBase64, ok, sha256, type HandshakeMode, type Result } from '../../core/index.ts';
import { keyPackageSignatures, MAX_COMMIT_BYTES, MAX_COMMIT_PROPOSALS, parseKeyPackage } from '../../core/mls/index.ts';
import { makeGroupInfoWithoutTree } from './create-group.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState, replaceClient, termsOf } from './open-state.ts';
import { decodeKeyPackageMessage } from './own-key-package.ts';
import { beginEpoch, type RenewedTree } from './next-epoch.ts';
import type { PendingCommit } from './pending-commit.ts';
import { additionOfKey, NO_PRE_SHARED_KEYS, pskIndexOf, type PreSharedKey } from './pre-shared-keys.ts';
import { removalOf } from './proposal.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { isGenuine, loadSuite } from './suite.ts';
import { makeWelcome } from './welcome.ts';

export interface CommitRequest {
  /** KeyPackages of the members to add, as MLSMessages. */
  readonly add?: readonly Uint8Array[];
  /** Actors of the members to remove. Who asked for it in this epoch, or whose removal an external sender proposed, goes by that proposal. */
  readonly remove?: readonly Uint8Array[];
  /** Which group goes on in this one's place: a ReInit, which is alone in its commit (RFC 9420 §12.2). */
  readonly successor?: { readonly groupId: Uint8Array; readonly suite: number } | undefined;
  /** Mixed into the keys of the epoch that the commit begins: who lacks one can't follow it, and nobody can join by it. */
  readonly preSharedKeys?: readonly PreSharedKey[];
  /** Of the event that carries the commit, see `encodeAuthenticatedData`. */
  readonly authenticatedData: Uint8Array;
  /** Added KeyPackages are in force at this time. */
  readonly nowMs: number;
  /** `opaque`: as a PrivateMessage, without a GroupInfo, and with the tree in the Welcome. `public` where it is not given. */
  readonly handshakes?: HandshakeMode;
  /** Opaque bytes for the joiners, signed by this client and inside the Welcome's encryption. */
  readonly joinerNote?: Uint8Array;
}

/** A commit that has yet to be accepted. */
export interface MadeCommit extends PendingCommit {
  /** What the state is from here on: the key that encrypted an opaque commit is used up. Store it before the commit leaves. */
  readonly spent: GroupState;
}

/**
 * Prepares a commit, always with an update path, so that the keys of the whole group rotate. With nothing to add or
 * remove it does just that. The epoch stays in force until the commit is accepted: see `acceptOwnCommit`.
 */
export async function commit(state: GroupState, request: CommitRequest): Promise<Result<MadeCommit, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const added = await readAdditions(request, state.suite);
  if (!added.ok) return added;
  const removed = findRemovals(state, request.remove ?? []);
  if (!removed.ok) return removed;
  const { preSharedKeys = NO_PRE_SHARED_KEYS } = request;
  const { client } = openState(state);
  const mixed = await Promise.all(preSharedKeys.map((key) => additionOfKey(key, client.groupContext.cipherSuite)));
  const changes = [...removed.value, ...added.value.map((keyPackage) => byValue(additionOf(keyPackage))), ...mixed];
  const proposals = request.successor === undefined ? changes : [...changes, byValue(reinitOf(request.successor))];
  if (proposals.length > MAX_COMMIT_PROPOSALS) return refuse('commit-proposal-list');
  const renewed = await renewTree(client, proposals, preSharedKeys);
  if (!renewed.ok) return renewed;
  return prepare(state, renewed.value, request);
}

async function prepare(
  state: GroupState,
  renewed: RenewedTree,
  request: CommitRequest,
): Promise<Result<MadeCommit, EngineRefusal>> {
  const { authenticatedData, handshakes = 'public', joinerNote } = request;
  const { client } = openState(state);
  const epoch = await beginEpoch(client, renewed, { authenticatedData, handshakes });
  if (epoch.message.length > MAX_COMMIT_BYTES) return refuse('mls-too-large');
  const next = makeState(epoch.client);
  if (!next.ok) return next;
  const isOpaque = handshakes === 'opaque';
  const welcome = await makeWelcome(epoch, renewed, { joinerNote, holdsTree: isOpaque });
  return ok({
    epoch: state.epoch,
    commit: epoch.message,
    commitHash: sha256(epoch.message),
    welcome,
    groupInfo: isOpaque ? new Uint8Array() : await makeGroupInfoWithoutTree(next.value),
    treeHash: epoch.client.groupContext.treeHash,
    next: next.value,
    spent: epoch.spent === client ? state : replaceClient(state, epoch.spent),
  });
}

async function readAdditions(
  { add = [], nowMs }: CommitRequest,
  suite: number,
): Promise<Result<readonly KeyPackage[], EngineRefusal>> {
  const keyPackages: KeyPackage[] = [];
  for (const message of add) {
    const parsed = parseKeyPackage(message, { nowMs });
    if (!parsed.ok) return parsed;
    if (parsed.value.suite !== suite) return refuse('mls-suite');
    // Checked before ts-mls checks again, so that the caller learns which kind of refusal it is.
    if (!(await isGenuine(keyPackageSignatures(parsed.value)))) return refuse('key-package-forged');
    const keyPackage = decodeKeyPackageMessage(message.slice());
    if (keyPackage === undefined) throw new TypeError('parsed as a KeyPackage before');
    keyPackages.push(keyPackage);
  }
  return ok(keyPackages);
}

function additionOf(keyPackage: KeyPackage): Proposal {
  return { proposalType: 'add', add: { keyPackage } };
}

function reinitOf({ groupId, suite }: NonNullable<CommitRequest['successor']>): Proposal {
  const cipherSuite = termsOf(suite).suite.name as CiphersuiteName;
  return { proposalType: 'reinit', reinit: { groupId, version: 'mls10', cipherSuite, extensions: [] } };
}

function byValue(proposal: Proposal): ProposalOrRef {
  return { proposalOrRefType: 'proposal', proposal };
}

function findRemovals(
  state: GroupState,
  actors: readonly Uint8Array[],
): Result<readonly ProposalOrRef[], EngineRefusal> {
  const { leaves, client } = openState(state);
  const removals: ProposalOrRef[] = [];
  for (const actor of actors) {
    const leaf = leaves.find((candidate) => equalBytes(candidate.actor, actor));
    if (leaf === undefined) return refuse('member-unknown');
    removals.push(proposedRemovalOf(leaf.leafIndex, client) ?? byValue(removalOf(leaf.leafIndex)));
  }
  return ok(removals);
}

/** Refers to the member's own proposal to leave, or that of an external sender to remove it, if one was made in this epoch. */
function proposedRemovalOf(leafIndex: number, { unappliedProposals }: ClientState): ProposalOrRef | undefined {
  for (const [ref, { proposal, senderLeafIndex }] of Object.entries(unappliedProposals)) {
    const isTheirs = senderLeafIndex === leafIndex || senderLeafIndex === undefined;
    if (!isTheirs || proposal.proposalType !== 'remove') continue;
    const reference = proposal.remove.removed === leafIndex ? fromBase64(ref) : undefined;
    if (reference !== undefined) return { proposalOrRefType: 'reference', reference };
  }
  return undefined;
}

/** Applies the proposals and renews the committer's path in the tree that they leave (RFC 9420 §12.4.1). */
async function renewTree(
  client: ClientState,
  proposals: readonly ProposalOrRef[],
  keys: readonly PreSharedKey[],
): Promise<Result<RenewedTree, EngineRefusal>> {
  const suite = await loadSuite(client.groupContext.cipherSuite);
  const committer: LeafIndex = toLeafIndex(client.privatePath.leafIndex);
  const applied = await applyOrRefuse(client, [...proposals], keys);
  if (!applied.ok) return applied;
  const { joiners, psk } = applied.value;
  const [tree, path, pathSecrets, leafPrivateKey, commitSecret] = await createUpdatePath(
    applied.value.tree,
    committer,
    client.groupContext,
    client.signaturePrivateKey,
    suite,
    // Joiners get their path secret in the Welcome.
    joiners.map(([leafIndex]) => leafToNodeIndex(leafIndex)),
  );
  const leafKey = await suite.hpke.exportPrivateKey(leafPrivateKey);
  return ok({ tree, joiners, psk, pathSecrets, leafKey, commitSecret, commit: { proposals: [...proposals], path } });
}

async function applyOrRefuse(
  client: ClientState,
  proposals: ProposalOrRef[],
  keys: readonly PreSharedKey[],
): Promise<Result<Pick<RenewedTree, 'tree' | 'joiners' | 'psk'>, EngineRefusal>> {
  try {
    const suite = await loadSuite(client.groupContext.cipherSuite);
    const committer = toLeafIndex(client.privatePath.leafIndex);
    // Not as "sent by this client": ts-mls would then compare lifetimes with a clock of its own.
    const applied = await applyProposals(client, proposals, committer, pskIndexOf(keys), false, suite);
    const { tree, pskSecret: secret, pskIds: ids, additionalResult } = applied;
    if (additionalResult.kind === 'externalCommit') throw new TypeError('a commit of a member');
    const joiners = additionalResult.kind === 'reinit' ? [] : additionalResult.addedLeafNodes;
    return ok({ tree, joiners, psk: { secret, ids } });
  } catch {
    // Two changes to one member, the committer's own removal, a member added again.
    return refuse('commit-proposal-list');
  }
}
