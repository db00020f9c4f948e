import { findMember, holdsRole, isLeaving, toBase64Url, type ChainState } from '../../core/index.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import { RemovedError, UsageError } from '../errors.ts';
import { groupStateOf } from './group-state.ts';
import type { GroupStatus } from './group.ts';

/** How an identity stands in a group, by its log. Throws where it never was in it. */
export function statusIn(chain: FollowedChain, self: Uint8Array): GroupStatus {
  const removed = removalOf(chain.state, self);
  if (removed !== undefined) return { kind: 'removed', index: removed };
  const { roster, mls } = groupStateOf(chain);
  const member = findMember(roster, self);
  if (member === undefined || !holdsRole(member)) {
    throw new UsageError('not-joined', 'this identity is not in the group');
  }
  const { role, until: index } = member;
  const successor = mls?.successor;
  if (successor !== undefined) {
    return { kind: 'reinitialised', role, index: successor.index, successor: toBase64Url(successor.chain) };
  }
  return isLeaving(member) ? { kind: 'leaving', role, index } : { kind: 'member', role };
}

/** Throws what keeps an identity of this status from acting in the group. */
export function assertMembership(status: GroupStatus): void {
  if (status.kind === 'removed') throw new RemovedError(status.index);
  if (status.kind === 'leaving') {
    throw new UsageError('leaving', `this identity asked to leave the group by entry ${status.index}`);
  }
  if (status.kind === 'reinitialised') {
    throw new UsageError('group-reinitialised', `the group goes on as ${status.successor}`);
  }
  if (status.kind === 'lost') {
    throw new UsageError('epoch-unreadable', `the change of keys at entry ${status.index} could not be followed`);
  }
}

/** Index of the entry that removed or suspended an actor, while it has not been let in again. */
export function removalOf(state: ChainState | undefined, actor: Uint8Array): number | undefined {
  const member = state?.kind === 'group' ? findMember(state.value.roster, actor) : undefined;
  return member === undefined || holdsRole(member) ? undefined : member.until;
}
