import { opaque, struct, type Decoded } from '../../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../../event/index.ts';
import { activeDevice } from '../../identity/device-revoked.ts';
import { isAtSameRelay } from '../../genesis.ts';
import type { Position, Rule, RuleRefusal } from '../../rule.ts';
import { requireCreated, type GroupState } from '../group-state.ts';
import { requireRole } from '../roster.ts';
import { findAccount, MAX_ACCOUNTS } from './account.ts';
import { followAccount } from './follow-account.ts';
import { importedFacts } from '../imports/facts.ts';
import { proveAccount, readAccount, type AccountFacts } from './account-facts.ts';

const accountNamedBody = struct('AccountNamed', {
  /** The account's identity chain. */
  identity: opaque(HASH_BYTES),
  /** That chain from its genesis on. */
  facts: importedFacts,
});

type AccountNamed = Decoded<typeof accountNamedBody>;

/** Names an account, whose devices the group follows from then on (`NA1`). */
export const accountNamed = defineEvent({
  type: 0x020b,
  name: 'group.account-named',
  ordering: 'strict',
  body: accountNamedBody,
});

export const accountNamedRule: Rule<GroupState, AccountNamed> = {
  definition: accountNamed,
  permit: ({ roster }, actor, body) => {
    const stranger = requireRole(roster, actor, 'reader');
    if (stranger !== undefined || requireRole(roster, actor, 'admin') === undefined) return stranger;
    // Bytes that are no account are told so; only a member's own account is its to name.
    const account = readAccount(firstImport(body));
    return account.ok && activeDevice(account.value.state, actor) === undefined ? { code: 'not-permitted' } : undefined;
  },
  check: checkNaming,
  apply: (state, { index }, body) => {
    const account = readAccount(firstImport(body));
    return account.ok ? followAccount(state, account.value, index) : state;
  },
};

function checkNaming(state: GroupState, _position: Position, body: AccountNamed): RuleRefusal | undefined {
  const { accounts } = state;
  const notCreated = requireCreated(state);
  if (notCreated !== undefined) return notCreated;
  if (findAccount(accounts, body.identity) !== undefined) return { code: 'account-named' };
  const actual = accounts.length + 1;
  if (actual > MAX_ACCOUNTS) return { code: 'too-many-accounts', limit: MAX_ACCOUNTS, actual };
  const account = readAccount(firstImport(body));
  if (!account.ok) return account.error;
  // First of all: of another relay's account, anybody can have signed the tree.
  if (!isAtSameRelay(account.value.state.genesis, state.genesis)) return { code: 'foreign-account' };
  const proven = proveAccount(firstImport(body));
  return proven.ok ? undefined : proven.error;
}

function firstImport({ identity, facts }: AccountNamed): AccountFacts {
  return { identity, known: undefined, facts };
}
