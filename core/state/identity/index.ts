import { ruleTable } from '../rule.ts';
import { deviceAddedRule } from './device-added.ts';
import { deviceRenamedRule } from './device-renamed.ts';
import { deviceRevokedRule } from './device-revoked.ts';
import type { IdentityState } from './identity-state.ts';
import { recoveryCancelledRule } from './recovery-cancelled.ts';
import { recoveryCompletedRule } from './recovery-completed.ts';
import { recoverySetRule } from './recovery-set.ts';
import { recoveryStartedRule } from './recovery-started.ts';

export const identityRules = ruleTable<IdentityState>([
  deviceAddedRule,
  deviceRevokedRule,
  deviceRenamedRule,
  recoverySetRule,
  recoveryStartedRule,
  recoveryCancelledRule,
  recoveryCompletedRule,
]);
