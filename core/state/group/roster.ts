import { compareBytes } from '../../bytes/index.ts';
import { choice, opaque, sortedVector, struct, uint64, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import type { RuleRefusal } from '../rule.ts';

/** Everyone who is or ever was in a group; who has left stays listed, since their reading ends at an index. */
export const MAX_ROSTER = 16_384;

const ROLE_RANK = { none: 0, suspended: 0, reader: 1, member: 2, admin: 3, owner: 4 } as const;
/**
 * What an actor may do in a group: nothing as `none`, which is one who has left, nor as `suspended`, a revoked device whose
 * leaf is still in the tree (`NA6`).
 */
export type Role = keyof typeof ROLE_RANK;
const roleCodec = choice('Role', { none: 0, reader: 1, member: 2, admin: 3, owner: 4, suspended: 5 });
/** The roles that a person in the group can hold. */
export const grantedRole = choice('GrantedRole', { reader: 1, member: 2, admin: 3, owner: 4 });
/** A role that somebody in the group holds. */
export type GrantedRole = Exclude<Role, 'none' | 'suspended'>;

const memberCodec = struct('Member', {
  actor: opaque(ACTOR_BYTES),
  /** `none` once removed. */
  role: roleCodec,
  /** Index of the latest admission. */
  since: uint64,
  /** Index of the removal or suspension; while the actor is in, of its first asking to leave, or 0. */
  until: uint64,
});

export type Member = Decoded<typeof memberCodec>;
/** Sorted by actor key, so that equal rosters encode equally. */
export type Roster = readonly Member[];
export const rosterCodec = sortedVector(memberCodec, MAX_ROSTER, (a, b) => compareBytes(a.actor, b.actor));

/** The actor's place in the roster, also one who has left; undefined for strangers. */
export function findMember(roster: Roster, actor: Uint8Array): Member | undefined {
  const at = lowerBound(roster, actor);
  const found = roster[at];
  return found !== undefined && compareBytes(found.actor, actor) === 0 ? found : undefined;
}

/** `none` for strangers, and for those who have left. */
export function roleOf(roster: Roster, actor: Uint8Array): Role {
  return findMember(roster, actor)?.role ?? 'none';
}

export function outranks(a: Role, b: Role): boolean {
  return ROLE_RANK[a] > ROLE_RANK[b];
}

/** Refuses an actor below `needed`. Tells one who was removed since when, and a stranger nothing at all. */
export function requireRole(roster: Roster, actor: Uint8Array, needed: GrantedRole): RuleRefusal | undefined {
  const member = findMember(roster, actor);
  if (member === undefined) return { code: 'not-permitted' };
  if (!holdsRole(member)) return { code: 'actor-removed', at: member.until };
  return outranks(needed, member.role) ? { code: 'not-permitted' } : undefined;
}

export function admitMember(roster: Roster, actor: Uint8Array, role: GrantedRole, index: number): Roster {
  return putMember(roster, { actor: actor.slice(), role, since: index, until: 0 });
}

export function removeMember(roster: Roster, actor: Uint8Array, index: number): Roster {
  const member = findMember(roster, actor);
  if (member === undefined) return roster;
  // What a suspended device may read has ended before its leaf goes (`NA6`).
  return putMember(roster, { ...member, role: 'none', until: member.role === 'suspended' ? member.until : index });
}

/** Takes every right away from one whose leaf only a commit can take out. */
export function suspendMember(roster: Roster, actor: Uint8Array, index: number): Roster {
  const member = findMember(roster, actor);
  return member === undefined || !holdsRole(member)
    ? roster
    : putMember(roster, { ...member, role: 'suspended', until: index });
}

export function changeRole(roster: Roster, actor: Uint8Array, role: GrantedRole): Roster {
  const member = findMember(roster, actor);
  return member === undefined ? roster : putMember(roster, { ...member, role });
}

/** Asking again changes nothing: who has asked is on the way out until a commit takes it out. */
export function askToLeave(roster: Roster, actor: Uint8Array, index: number): Roster {
  const member = findMember(roster, actor);
  return member === undefined || isLeaving(member) ? roster : putMember(roster, { ...member, until: index });
}

/** Whether it holds a role that allows something. */
export function holdsRole<M extends { readonly role: Role }>(member: M): member is M & { readonly role: GrantedRole } {
  return member.role !== 'none' && member.role !== 'suspended';
}

/** Whether it has asked to leave, or was suspended, and is still in. */
export function isLeaving({ role, until }: Member): boolean {
  return role !== 'none' && until !== 0;
}

/** One who will stay: an owner who has asked to leave is none to rely on. */
export function hasOtherOwner(roster: Roster, actor: Uint8Array): boolean {
  return roster.some(
    (member) => member.role === 'owner' && !isLeaving(member) && compareBytes(member.actor, actor) !== 0,
  );
}

function putMember(roster: Roster, member: Member): Roster {
  const at = lowerBound(roster, member.actor);
  const held = roster[at];
  const isHeld = held !== undefined && compareBytes(held.actor, member.actor) === 0;
  return [...roster.slice(0, at), member, ...roster.slice(isHeld ? at + 1 : at)];
}

function lowerBound(roster: Roster, actor: Uint8Array): number {
  let low = 0;
  let high = roster.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes((roster[middle] as Member).actor, actor) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
