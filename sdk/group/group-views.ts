import { guaranteesOf, holdsRole, isLeaving, toBase64Url, type GroupState } from '../../core/index.ts';
import type { FollowedChain } from '../chain/chain-follower.ts';
import { groupStateOf } from './group-state.ts';
import type { CommitReportView, GroupMember, GroupStatus, GroupView } from './group.ts';

/** A group as it is shown. */
export function viewGroup(chain: FollowedChain, status: GroupStatus): GroupView {
  const { cursor, checkpoint } = chain;
  const { mls, genesis } = groupStateOf(chain);
  return {
    status,
    size: cursor.size,
    head: toBase64Url(cursor.head),
    checkpoint: checkpoint.note,
    relayTime: cursor.relayTime,
    epoch: mls?.epoch ?? 0,
    suite: mls?.ciphersuite,
    guarantees: guaranteesOf(genesis),
  };
}

/** Who is in it, those first who have been for longest. */
export function viewMembers({ roster }: GroupState, self: Uint8Array): readonly GroupMember[] {
  const me = toBase64Url(self);
  const members = roster.filter(holdsRole).map((member) => {
    const { role, since } = member;
    const actor = toBase64Url(member.actor);
    return { actor, role, since, isMe: actor === me, isLeaving: isLeaving(member) };
  });
  return members.sort((one, other) => one.since - other.since);
}

export function viewReports({ mls }: GroupState): readonly CommitReportView[] {
  return (mls?.reports ?? []).map(({ commitIndex, committer, reporter, fault, index }) => {
    return { commit: commitIndex, committer: toBase64Url(committer), reporter: toBase64Url(reporter), fault, index };
  });
}
