import type { ClientState } from 'ts-mls';
import { processPrivateMessage, processPublicMessage } from 'ts-mls/processMessages.js';
import {
  equalBytes,
  err,
  ok,
  type ActorKey,
  type CommitFault,
  type HandshakeMode,
  type Result,
} from '../../core/index.ts';
import {
  applyCommitToLeaves,
  checkCapabilities,
  parseCommitMessage,
  parseOpaqueCommit,
  readCommitContent,
  type AppliedCommit,
  type MlsCommitContent,
} from '../../core/mls/index.ts';
import { faultOf } from './commit-fault.ts';
import { decodePrivateMessage, decodePublicMessage } from './framed-message.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState, replaceClient, termsOf } from './open-state.ts';
import { openHandshake } from './opaque-handshake.ts';
import { NO_PRE_SHARED_KEYS, pskIndexOf, type PreSharedKey } from './pre-shared-keys.ts';
import { proposedIn } from './proposal.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

export interface ProcessedCommit {
  readonly state: GroupState;
  readonly committer: ActorKey;
  readonly added: readonly ActorKey[];
  readonly removed: readonly ActorKey[];
  /** Members before and after, whose leaf was removed and added anew. */
  readonly replaced: readonly ActorKey[];
  /** What was added, in the order of the commit. */
  readonly addedKeyPackages: readonly { readonly actor: Uint8Array; readonly keyPackageRef: Uint8Array }[];
  /** Of the epoch that it began; undefined for a client that it removes, which can't tell. */
  readonly treeHash: Uint8Array | undefined;
  readonly authenticatedData: Uint8Array;
  /** Whether this client is among the removed. */
  readonly selfRemoved: boolean;
  /** Whether it replaced the extensions of the GroupContext. */
  readonly changesExtensions: boolean;
  /** Whether the committer came back in by it, from outside, in the place of its former leaf. */
  readonly isResync: boolean;
}

/** As others are refused; where the commit can't be followed, with what of it failed. */
export type CommitRefusal = EngineRefusal | { readonly code: 'commit-unprocessable'; readonly fault: CommitFault };

/**
 * Follows another member's commit, which is encrypted where `handshakes` are opaque. Never throws for what `bytes` hold; a
 * refusal leaves `state` as good as it was. The refusals tell apart a commit that is over, one that is early, and one that
 * can't be followed. `keys` are what it may mix in beside what the group's own epochs left.
 */
export async function processCommit(
  state: GroupState,
  bytes: Uint8Array,
  handshakes: HandshakeMode = 'public',
  keys: readonly PreSharedKey[] = NO_PRE_SHARED_KEYS,
): Promise<Result<ProcessedCommit, CommitRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const read = await (handshakes === 'opaque' ? openCommit(state, bytes) : readCommit(state, bytes));
  if (!read.ok) return read;
  const { sender, authenticatedData } = read.value;
  if (sender.kind === 'member' && sender.leafIndex === state.leafIndex) return refuse('commit-own');
  const { client, leaves } = openState(state);
  const before = { groupId: state.groupId, epoch: state.epoch, leaves, proposals: proposedIn(state) };
  const applied = applyCommitToLeaves(before, read.value);
  if (!applied.ok) return applied;
  const followed = await follow(client, bytes, handshakes, keys);
  if (!followed.ok) return followed;
  const next = followed.value;
  const selfRemoved = next.groupActiveState.kind === 'removedFromGroup';
  const entered = selfRemoved ? ok(leaveGroup(state)) : enterEpoch(next, applied.value);
  if (!entered.ok) return entered;
  const { delta, addedKeyPackages } = applied.value;
  return ok({
    state: entered.value,
    committer: provenActor(delta.committer),
    added: delta.added.map(provenActor),
    removed: delta.removed.map(provenActor),
    replaced: delta.replaced.map(provenActor),
    addedKeyPackages: addedKeyPackages.map(({ actor, ref }) => ({ actor, keyPackageRef: ref })),
    treeHash: selfRemoved ? undefined : next.groupContext.treeHash,
    authenticatedData,
    selfRemoved,
    changesExtensions: applied.value.changesExtensions,
    isResync: sender.kind === 'new-member-commit',
  });
}

function readCommit(state: GroupState, bytes: Uint8Array): Result<MlsCommitContent, CommitRefusal> {
  const commit = parseCommitMessage(bytes, termsOf(state.suite));
  const misplaced = commit.ok ? findMisplacement(state, commit.value) : undefined;
  return misplaced === undefined ? commit : refuse(misplaced);
}

async function openCommit(state: GroupState, bytes: Uint8Array): Promise<Result<MlsCommitContent, CommitRefusal>> {
  const framing = parseOpaqueCommit(bytes);
  if (!framing.ok) return framing;
  const misplaced = findMisplacement(state, framing.value);
  if (misplaced !== undefined) return refuse(misplaced);
  const opened = await openHandshake(openState(state).client, bytes);
  if (opened === undefined) return err({ code: 'commit-unprocessable', fault: 'other' });
  return readCommitContent(opened.content, termsOf(state.suite));
}

function findMisplacement(
  state: GroupState,
  { groupId, epoch }: Pick<MlsCommitContent, 'groupId' | 'epoch'>,
): EngineRefusal['code'] | undefined {
  if (!equalBytes(groupId, state.groupId)) return 'commit-group';
  if (epoch < state.epoch) return 'commit-stale';
  return epoch > state.epoch ? 'commit-future' : undefined;
}

async function follow(
  client: ClientState,
  bytes: Uint8Array,
  handshakes: HandshakeMode,
  known: readonly PreSharedKey[],
): Promise<Result<ClientState, CommitRefusal>> {
  try {
    const suite = await loadSuite(client.groupContext.cipherSuite);
    const keys = pskIndexOf(known, client);
    const processed =
      handshakes === 'opaque'
        ? processPrivateMessage(client, decodePrivateMessage(bytes), keys, suite)
        : processPublicMessage(client, decodePublicMessage(bytes), keys, suite);
    return ok((await processed).newState);
  } catch (error) {
    // ts-mls throws for every check that fails, and for some that it has no name for.
    return err({ code: 'commit-unprocessable', fault: faultOf(error) });
  }
}

/**
 * Keeps the epoch that the removal ended, with its keys and tree, so that what was sent in it can be read. A removed
 * member can't verify the commit's confirmation tag, only its signature and membership tag.
 */
function leaveGroup(state: GroupState): GroupState {
  return replaceClient(state, { ...openState(state).client, groupActiveState: { kind: 'removedFromGroup' } });
}

function enterEpoch(
  next: ClientState,
  { leaves, changesExtensions }: AppliedCommit,
): Result<GroupState, EngineRefusal> {
  const state = makeState(next);
  if (!state.ok) return state;
  // ts-mls asks this of those who are added, and of nobody who is there (RFC 9420 §12.1.7).
  if (changesExtensions && !supportsExtensions(next)) return refuse('commit-unprocessable');
  const entered = openState(state.value).leaves;
  // The roster that the caller is told is the one that encryption goes to, or the commit doesn't count.
  const isSame =
    entered.length === leaves.size &&
    entered.every(({ leafIndex, encoded }) => {
      const expected = leaves.get(leafIndex);
      return expected !== undefined && equalBytes(expected.encoded, encoded);
    });
  return isSame ? state : refuse('commit-unprocessable');
}

function supportsExtensions({ ratchetTree, groupContext }: ClientState): boolean {
  const leaves = ratchetTree.flatMap((node) => (node?.nodeType === 'leaf' ? [node.leaf] : []));
  return checkCapabilities(leaves, groupContext.extensions).ok;
}
