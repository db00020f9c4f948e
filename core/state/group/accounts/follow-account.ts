import { membershipOf, type GroupState } from '../group-state.ts';
import { putAccount, type Account } from './account.ts';
import { withoutRevoked } from './revocation.ts';

/** The group with what it now knows of an account, and what follows for its members. */
export function followAccount(state: GroupState, account: Account, index: number): GroupState {
  const roster = withoutRevoked(state.roster, account, index, membershipOf(state.genesis));
  return { ...state, roster, accounts: putAccount(state.accounts, account) };
}
