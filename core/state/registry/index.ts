import { ruleTable } from '../rule.ts';
import { adminsRotatedRule } from './admins-rotated.ts';
import { modulePublishedRule } from './module-published.ts';
import { moduleRevokedRule } from './module-revoked.ts';
import type { RegistryState } from './registry-state.ts';

export const registryRules = ruleTable<RegistryState>([adminsRotatedRule, modulePublishedRule, moduleRevokedRule]);
