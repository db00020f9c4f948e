import { opaque, struct, vector, type Decoded } from '../../codec/index.ts';
import { equalBytes } from '../../bytes/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import { MAX_READ_ADDS } from '../../wire/limits.ts';
import type { RuleRefusal } from '../rule.ts';
import {
  admitMember,
  grantedRole,
  hasOtherOwner,
  MAX_ROSTER,
  outranks,
  removeMember,
  requireRole,
  roleOf,
  type Role,
  type Roster,
} from './roster.ts';

/** Removals in one event. */
export const MAX_ROSTER_REMOVALS = 256;

export const addedMember = struct('AddedMember', { actor: opaque(ACTOR_BYTES), role: grantedRole });
export const rosterChange = struct('RosterChange', {
  added: vector(addedMember, MAX_READ_ADDS),
  removed: vector(opaque(ACTOR_BYTES), MAX_ROSTER_REMOVALS),
});

export type RosterChange = Decoded<typeof rosterChange>;

/**
 * Who may change the roster (`GR4`): an owner everything; an admin adds and removes those below its own rank; anyone may
 * remove themselves.
 */
export function permitRosterChange(roster: Roster, actor: Uint8Array, change: RosterChange): RuleRefusal | undefined {
  const isEmpty = change.added.length === 0 && change.removed.length === 0;
  const isLeave = change.added.length === 0 && change.removed.every((removed) => equalBytes(removed, actor));
  if (isEmpty) return requireRole(roster, actor, 'member');
  if (isLeave) return requireRole(roster, actor, 'reader');
  return (
    requireRole(roster, actor, 'admin') ??
    firstRefusal(change.added, ({ role }) => permitTarget(roster, actor, role)) ??
    firstRefusal(change.removed, (removed) =>
      equalBytes(removed, actor) ? undefined : permitTarget(roster, actor, roleOf(roster, removed)),
    )
  );
}

/** Whether `actor` may give, or act on someone who holds, `role`. Owners may; an admin only below its own rank. */
export function permitTarget(roster: Roster, actor: Uint8Array, role: Role): RuleRefusal | undefined {
  const own = roleOf(roster, actor);
  return own === 'owner' || outranks(own, role) ? undefined : { code: 'not-permitted' };
}

/** Whether the change fits the roster (`GR5`): nobody twice, no unknown removal, room for all, and an owner stays. */
export function checkRosterChange(roster: Roster, change: RosterChange): RuleRefusal | undefined {
  let next = roster;
  for (const actor of change.removed) {
    const role = roleOf(next, actor);
    if (role === 'none') return { code: 'no-such-member' };
    if (role !== 'suspended' && !hasOtherOwner(next, actor)) return { code: 'last-owner' };
    next = removeMember(next, actor, 0);
  }
  for (const { actor, role } of change.added) {
    // Looked up before the removals too: who leaves and comes back in one change would get another role unnoticed.
    if (roleOf(roster, actor) !== 'none' || roleOf(next, actor) !== 'none') return { code: 'already-member' };
    next = admitMember(next, actor, role, 0);
  }
  const actual = next.length;
  return actual > MAX_ROSTER ? { code: 'roster-full', limit: MAX_ROSTER, actual } : undefined;
}

export function applyRosterChange(roster: Roster, change: RosterChange, index: number): Roster {
  let next = roster;
  for (const actor of change.removed) next = removeMember(next, actor, index);
  for (const { actor, role } of change.added) next = admitMember(next, actor, role, index);
  return next;
}

function firstRefusal<T>(items: readonly T[], check: (item: T) => RuleRefusal | undefined): RuleRefusal | undefined {
  for (const item of items) {
    const refusal = check(item);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
