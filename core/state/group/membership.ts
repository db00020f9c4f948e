import { opaque, struct, type Decoded } from '../../codec/index.ts';
import { equalBytes } from '../../bytes/index.ts';
import { ACTOR_BYTES, defineEvent } from '../../event/index.ts';
import type { Rule, RuleRefusal } from '../rule.ts';
import { checkNotRevoked } from './accounts/revocation.ts';
import { requireCreated, requireMembership, type GroupState } from './group-state.ts';
import {
  addedMember,
  applyRosterChange,
  checkRosterChange,
  permitRosterChange,
  permitTarget,
  type RosterChange,
} from './roster-change.ts';
import { changeRole, findMember, grantedRole, hasOtherOwner, holdsRole, requireRole, roleOf } from './roster.ts';

const removedMember = struct('RemovedMember', { actor: opaque(ACTOR_BYTES) });
const changedRole = struct('RoleChanged', { actor: opaque(ACTOR_BYTES), role: grantedRole });

/** Lets an actor into a plain group (`GR2`). */
export const memberAdded = defineEvent({
  type: 0x0205,
  name: 'group.member-added',
  ordering: 'strict',
  body: addedMember,
});
/** Takes an actor out of a plain group, or leaves it (`GR2`, `GR4`). */
export const memberRemoved = defineEvent({
  type: 0x0206,
  name: 'group.member-removed',
  ordering: 'strict',
  body: removedMember,
});
/** Gives a member another role (`GR6`). */
export const roleChanged = defineEvent({
  type: 0x0207,
  name: 'group.role-changed',
  ordering: 'strict',
  body: changedRole,
});

export const memberAddedRule = rosterRule(memberAdded, (added: Decoded<typeof addedMember>) => ({
  added: [added],
  removed: [],
}));
export const memberRemovedRule = rosterRule(memberRemoved, ({ actor }: Decoded<typeof removedMember>) => ({
  added: [],
  removed: [actor],
}));

function rosterRule<Body>(
  definition: Rule<GroupState, Body>['definition'],
  changeOf: (body: Body) => RosterChange,
): Rule<GroupState, Body> {
  return {
    definition,
    permit: (state, actor, body) => permitRosterChange(state.roster, actor, changeOf(body)),
    check: (state, _position, body) =>
      requireMembership(state, 'plain') ??
      checkNotRevoked(state.accounts, changeOf(body).added) ??
      checkRosterChange(state.roster, changeOf(body)),
    apply: (state, { index }, body) => ({ ...state, roster: applyRosterChange(state.roster, changeOf(body), index) }),
  };
}

type RoleChange = Decoded<typeof changedRole>;

export const roleChangedRule: Rule<GroupState, RoleChange> = {
  definition: roleChanged,
  permit: permitRoleChange,
  check: (state, _position, { actor, role }) => {
    const { roster } = state;
    const notCreated = requireCreated(state);
    if (notCreated !== undefined) return notCreated;
    const held = findMember(roster, actor);
    if (held === undefined || !holdsRole(held)) return { code: 'no-such-member' };
    return role !== 'owner' && !hasOtherOwner(roster, actor) ? { code: 'last-owner' } : undefined;
  },
  apply: (state, _position, { actor, role }) => ({ ...state, roster: changeRole(state.roster, actor, role) }),
};

/** `GR6`: an admin moves others among the ranks below its own; an owner may also step down itself. */
function permitRoleChange({ roster }: GroupState, actor: Uint8Array, change: RoleChange): RuleRefusal | undefined {
  return (
    requireRole(roster, actor, 'admin') ??
    permitTarget(roster, actor, change.role) ??
    (equalBytes(actor, change.actor) ? undefined : permitTarget(roster, actor, roleOf(roster, change.actor)))
  );
}
