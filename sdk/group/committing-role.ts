import { findMember, isLeaving, type GroupState } from '../../core/index.ts';

/** Whether a member may commit at all, if only to renew keys (`GR3`). Who has asked to leave stays out of what comes after. */
export function mayCommit({ roster }: GroupState, actor: Uint8Array): boolean {
  const own = findMember(roster, actor);
  return own !== undefined && !isLeaving(own) && own.role !== 'none' && own.role !== 'reader';
}
