import { findMember, holdsRole, isLeaving, type GroupState } from '../../core/index.ts';

/** Whether a member may commit at all, if only to renew keys (`GR3`). Who has asked to leave stays out of what comes after, and nobody changes a group that has ended. */
export function mayCommit({ roster, mls }: GroupState, actor: Uint8Array): boolean {
  const own = findMember(roster, actor);
  if (mls?.successor !== undefined) return false;
  return own !== undefined && !isLeaving(own) && holdsRole(own) && own.role !== 'reader';
}
