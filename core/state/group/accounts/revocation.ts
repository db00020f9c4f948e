import { isActive } from '../../identity/devices.ts';
import type { RuleRefusal } from '../../rule.ts';
import {
  changeRole,
  holdsRole,
  isLeaving,
  outranks,
  removeMember,
  roleOf,
  suspendMember,
  type Member,
  type Roster,
} from '../roster.ts';
import { isRevokedDevice, type Account, type Accounts } from './account.ts';

/**
 * The roster without what revoked devices of an account might do (`NA6`). In a plain group they are out at once. In an MLS
 * group their leaves stay until a commit removes them, and roster and tree name the same actors: until then they are
 * suspended.
 */
export function withoutRevoked(roster: Roster, { state }: Account, index: number, membership: 'plain' | 'mls'): Roster {
  const take = membership === 'mls' ? suspendMember : removeIfIn;
  const revoked = state.devices.filter((device) => !isActive(device));
  const left = revoked.reduce((kept, { actor }) => take(kept, actor, index), roster);
  return left === roster ? roster : keepOwned(left);
}

/** `NA7`: nobody is let in that a named account has revoked, whoever still holds a KeyPackage of it. */
export function checkNotRevoked(
  accounts: Accounts,
  added: readonly { readonly actor: Uint8Array }[],
): RuleRefusal | undefined {
  return added.some(({ actor }) => isRevokedDevice(accounts, actor)) ? { code: 'device-revoked' } : undefined;
}

/** Who has left before keeps the index of that. */
function removeIfIn(roster: Roster, actor: Uint8Array, index: number): Roster {
  return roleOf(roster, actor) === 'none' ? roster : removeMember(roster, actor, index);
}

/**
 * `NA8`: a revocation can't be refused, so it may take the last owner. The highest in rank after it becomes one, the longest
 * there among equals: a group that nobody owns could never take anybody out again.
 */
function keepOwned(roster: Roster): Roster {
  if (roster.some((member) => member.role === 'owner' && !isLeaving(member))) return roster;
  const heir = roster
    .filter((member) => holdsRole(member) && !isLeaving(member))
    .reduce<Member | undefined>(firstInLine, undefined);
  return heir === undefined || heir.role === 'reader' ? roster : changeRole(roster, heir.actor, 'owner');
}

function firstInLine(best: Member | undefined, member: Member): Member {
  if (best === undefined || outranks(member.role, best.role)) return member;
  return !outranks(best.role, member.role) && member.since < best.since ? member : best;
}
