import { opaque, struct } from '../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Rule } from '../rule.ts';
import { requireCreated, requireMembership, type GroupState } from './group-state.ts';
import { requireRole } from './roster.ts';

const predecessorBody = struct('PredecessorNamed', { chain: opaque(HASH_BYTES) });

/**
 * Says which group goes on in this one (`GM43`). By itself it proves nothing: it is true where the log of that group names
 * this chain as its successor.
 */
export const predecessorNamed = defineEvent({
  type: 0x020a,
  name: 'group.predecessor-named',
  ordering: 'observed',
  body: predecessorBody,
});

export const predecessorNamedRule: Rule<GroupState, { readonly chain: Uint8Array }> = {
  definition: predecessorNamed,
  permit: ({ roster }, actor) => requireRole(roster, actor, 'owner'),
  check: (state) => requireMembership(state, 'mls') ?? requireCreated(state),
  apply: (state) => state,
};
