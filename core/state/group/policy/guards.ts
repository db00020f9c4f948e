import { accountNamed } from '../accounts/account-named.ts';
import { memberAdded, memberRemoved, roleChanged } from '../membership.ts';
import { groupMessage } from '../message.ts';
import { mlsReinitialised } from '../mls-reinitialised.ts';
import { mlsCommit } from '../mls.ts';

/**
 * What a policy may guard (`PB8`): who posts, invites, removes, and ends the group. Never what takes a revoked device out, what it is
 * told of its registry, or its own binding: whoever owns the group can always take a policy out of force.
 */
export const GUARDABLE_TYPES: ReadonlySet<number> = new Set(
  [groupMessage, memberAdded, memberRemoved, roleChanged, mlsCommit, mlsReinitialised, accountNamed].map(
    ({ type }) => type,
  ),
);
