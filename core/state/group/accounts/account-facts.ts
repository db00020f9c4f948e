import { err, ok, type Result } from '../../../result.ts';
import { foundIdentity, type IdentityState } from '../../identity/identity-state.ts';
import { identityRules } from '../../identity/index.ts';
import { proveFacts, readFacts, type FactsRefusal, type ImportedFacts } from '../imports/facts.ts';
import type { Imported, ImportedKind } from '../imports/import-entry.ts';
import { MAX_FOLLOWED_DEVICES, type Account } from './account.ts';

const IDENTITY: ImportedKind<IdentityState> = {
  found: (genesis, founder) => (genesis.parameters.kind === 'identity' ? foundIdentity(genesis, founder) : undefined),
  rules: identityRules,
};

/** Why an import about an account changes nothing. */
export type AccountFactsRefusal =
  FactsRefusal | { readonly code: 'account-too-large'; readonly limit: number; readonly actual: number };

/** An import about an account is judged by what came before it and what it brings. */
export interface AccountFacts {
  readonly identity: Uint8Array;
  /** Undefined where the group names the account by this very event. */
  readonly known: Account | undefined;
  readonly facts: ImportedFacts;
}

/** The account as it is after an import that the rules have let in. */
export function readAccount(given: AccountFacts): Result<Account, AccountFactsRefusal> {
  return accountOf(given, readFacts({ kind: IDENTITY, chain: given.identity, ...given }));
}

/** The same with every signature (`NA4`). */
export function proveAccount(given: AccountFacts): Result<Account, AccountFactsRefusal> {
  return accountOf(given, proveFacts({ kind: IDENTITY, chain: given.identity, ...given }));
}

function accountOf(
  { identity }: AccountFacts,
  imported: Result<Imported<IdentityState>, FactsRefusal>,
): Result<Account, AccountFactsRefusal> {
  if (!imported.ok) return imported;
  const actual = imported.value.state.devices.length;
  return actual > MAX_FOLLOWED_DEVICES
    ? err({ code: 'account-too-large', limit: MAX_FOLLOWED_DEVICES, actual })
    : ok({ identity: identity.slice(), ...imported.value });
}
