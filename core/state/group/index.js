import { ruleTable } from '../rule.ts';
import { memberAddedRule, memberRemovedRule, roleChangedRule } from './membership.ts';
import { messageRule } from './message.ts';
import { mlsCommitRule, mlsCreatedRule } from './mls.ts';
export const groupRules = ruleTable([
    mlsCreatedRule,
    mlsCommitRule,
    messageRule,
    memberAddedRule,
    memberRemovedRule,
    roleChangedRule,
]);
