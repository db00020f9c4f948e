import { ruleTable } from '../rule.ts';
import { accountNamedRule } from './accounts/account-named.ts';
import { identitySyncedRule } from './accounts/identity-synced.ts';
import { commitReportedRule } from './commit-reported.ts';
import type { GroupState } from './group-state.ts';
import { memberAddedRule, memberRemovedRule, roleChangedRule } from './membership.ts';
import { messageRule } from './message.ts';
import { mlsProposalRule } from './mls-proposal.ts';
import { mlsReinitialisedRule } from './mls-reinitialised.ts';
import { mlsCommitRule, mlsCreatedRule } from './mls.ts';
import { policyBoundRule } from './policy/policy-bound.ts';
import { policyRecordedRule } from './policy/policy-recorded.ts';
import { registrySyncedRule } from './policy/registry-synced.ts';
import { predecessorNamedRule } from './predecessor-named.ts';

export const groupRules = ruleTable<GroupState>([
  mlsCreatedRule,
  mlsCommitRule,
  mlsProposalRule,
  messageRule,
  memberAddedRule,
  memberRemovedRule,
  roleChangedRule,
  commitReportedRule,
  mlsReinitialisedRule,
  predecessorNamedRule,
  accountNamedRule,
  identitySyncedRule,
  registrySyncedRule,
  policyBoundRule,
  policyRecordedRule,
]);
