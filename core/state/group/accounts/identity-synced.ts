import { opaque, struct, type Decoded } from '../../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../../event/index.ts';
import type { Rule, RuleRefusal } from '../../rule.ts';
import type { GroupState } from '../group-state.ts';
import { findMember, holdsRole } from '../roster.ts';
import { findAccount } from './account.ts';
import { followAccount } from './follow-account.ts';
import { importedFacts } from '../imports/facts.ts';
import { proveAccount, readAccount, type AccountFacts } from './account-facts.ts';

const identitySyncedBody = struct('IdentitySynced', {
  /** Identity chain of an account that the group names. */
  identity: opaque(HASH_BYTES),
  /** What came after what the group knows of it. */
  facts: importedFacts,
});

type IdentitySynced = Decoded<typeof identitySyncedBody>;

/** Brings what is new in the chain of an account that the group names (`NA4`). Its proof is its permission (`NA5`). */
export const identitySynced = defineEvent({
  type: 0x020c,
  name: 'group.identity-synced',
  ordering: 'strict',
  body: identitySyncedBody,
});

export const identitySyncedRule: Rule<GroupState, IdentitySynced> = {
  definition: identitySynced,
  outlivesGroup: true,
  permit: (state, actor, body) => {
    const member = findMember(state.roster, actor);
    if (member !== undefined && holdsRole(member)) return undefined;
    // Entries that go on from the newest one that the group knows are in the hands of those who read that chain: they learn nothing.
    const given = nextImport(state, body);
    return given.known !== undefined && readAccount(given).ok ? undefined : { code: 'not-permitted' };
  },
  check: (state, _position, body): RuleRefusal | undefined => {
    const given = nextImport(state, body);
    if (given.known === undefined) return { code: 'no-such-account' };
    const account = proveAccount(given);
    return account.ok ? undefined : account.error;
  },
  apply: (state, { index }, body) => {
    const account = readAccount(nextImport(state, body));
    return account.ok ? followAccount(state, account.value, index) : state;
  },
};

function nextImport({ accounts }: GroupState, { identity, facts }: IdentitySynced): AccountFacts {
  return { identity, known: findAccount(accounts, identity), facts };
}
