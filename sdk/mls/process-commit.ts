import type { ClientState, PublicMessage } from 'ts-mls';
import { decodeMlsMessage } from 'ts-mls/message.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { equalBytes, err, ok, type ActorKey, type CommitFault, type Result } from '../../core/index.ts';
import { applyCommitToLeaves, parseCommitMessage, type AppliedCommit, type MlsCommit } from '../../core/mls/index.ts';
import { faultOf } from './commit-fault.ts';
import type { GroupState } from './group-state.ts';
import { makeState, openState, replaceClient, termsOf } from './open-state.ts';
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
  readonly authenticatedData: Uint8Array;
  /** Whether this client is among the removed. */
  readonly selfRemoved: boolean;
  /** Whether the committer came back in by it, from outside, in the place of its former leaf. */
  readonly isResync: boolean;
}

/** As others are refused; where the commit can't be followed, with what of it failed. */
export type CommitRefusal = EngineRefusal | { readonly code: 'commit-unprocessable'; readonly fault: CommitFault };

/**
 * Follows another member's commit. Never throws for what `bytes` hold; a refusal leaves `state` as good as it was. The
 * refusals tell apart a commit that is over, one that is early, and one that can't be followed.
 */
export async function processCommit(
  state: GroupState,
  bytes: Uint8Array,
): Promise<Result<ProcessedCommit, CommitRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const commit = parseCommitMessage(bytes, termsOf(state.suite));
  if (!commit.ok) return commit;
  const misplaced = findMisplacement(state, commit.value);
  if (misplaced !== undefined) return refuse(misplaced);
  const { client, leaves } = openState(state);
  const before = { groupId: state.groupId, epoch: state.epoch, leaves, proposals: proposedIn(state) };
  const applied = applyCommitToLeaves(before, commit.value);
  if (!applied.ok) return applied;
  const followed = await follow(client, bytes);
  if (!followed.ok) return followed;
  const next = followed.value;
  const selfRemoved = next.groupActiveState.kind === 'removedFromGroup';
  const entered = selfRemoved ? ok(leaveGroup(state)) : enterEpoch(next, applied.value);
  if (!entered.ok) return entered;
  const { delta } = applied.value;
  return ok({
    state: entered.value,
    committer: provenActor(delta.committer),
    added: delta.added.map(provenActor),
    removed: delta.removed.map(provenActor),
    replaced: delta.replaced.map(provenActor),
    authenticatedData: commit.value.authenticatedData,
    selfRemoved,
    isResync: commit.value.sender.kind === 'new-member-commit',
  });
}

function findMisplacement(state: GroupState, commit: MlsCommit): EngineRefusal['code'] | undefined {
  if (!equalBytes(commit.groupId, state.groupId)) return 'commit-group';
  if (commit.epoch < state.epoch) return 'commit-stale';
  if (commit.epoch > state.epoch) return 'commit-future';
  const isOwn = commit.sender.kind === 'member' && commit.sender.leafIndex === state.leafIndex;
  return isOwn ? 'commit-own' : undefined;
}

const NO_PSK = { findPsk: () => undefined };

async function follow(client: ClientState, bytes: Uint8Array): Promise<Result<ClientState, CommitRefusal>> {
  try {
    const message = decodePublicMessage(bytes);
    const suite = await loadSuite(client.groupContext.cipherSuite);
    return ok((await processPublicMessage(client, message, NO_PSK, suite)).newState);
  } catch (error) {
    // ts-mls throws for every check that fails, and for some that it has no name for.
    return err({ code: 'commit-unprocessable', fault: faultOf(error) });
  }
}

/** From a copy: the state keeps parts of the message, and the caller's buffer may be used again. */
function decodePublicMessage(bytes: Uint8Array): PublicMessage {
  const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
  if (message?.wireformat !== 'mls_public_message') throw new TypeError('parsed as a PublicMessage before');
  return message.publicMessage;
}

/**
 * Keeps the epoch that the removal ended, with its keys and tree, so that what was sent in it can be read. A removed
 * member can't verify the commit's confirmation tag, only its signature and membership tag.
 */
function leaveGroup(state: GroupState): GroupState {
  return replaceClient(state, { ...openState(state).client, groupActiveState: { kind: 'removedFromGroup' } });
}

function enterEpoch(next: ClientState, { leaves }: AppliedCommit): Result<GroupState, EngineRefusal> {
  const state = makeState(next);
  if (!state.ok) return state;
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
