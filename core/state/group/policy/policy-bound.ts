import { equalBytes } from '../../../bytes/index.ts';
import { opaque, optional, struct, type Decoded } from '../../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../../event/index.ts';
import type { ChainPolicyCall } from '../../../policy/policy-executor.ts';
import type { Position, Rule, RuleRefusal } from '../../rule.ts';
import { requireCreated, type GroupState } from '../group-state.ts';
import { requireRole } from '../roster.ts';
import { checkTrust, fuelOf, guardsCodec, manifestOf, type BoundPolicy } from './bound-policy.ts';
import { GUARDABLE_TYPES } from './guards.ts';
import type { FollowedRegistry } from './followed-registry.ts';

const policyBinding = struct('PolicyBinding', {
  /** Chain of the registry that vouches for the module. */
  registry: opaque(HASH_BYTES),
  /** SHA-256 of the module. */
  module: opaque(HASH_BYTES),
  /** Types of built-in events that the policy has to let through, rising. */
  guards: guardsCodec,
});
const policyBoundBody = struct('PolicyBound', {
  /** None takes the policy out of force, and its state with it. */
  binding: optional(policyBinding),
});

type PolicyBinding = Decoded<typeof policyBinding>;
type PolicyBound = Decoded<typeof policyBoundBody>;

/** Puts a policy in force from this entry on, another version in its place, or none (`PB4`–`PB7`). */
export const policyBound = defineEvent({
  type: 0x0401,
  name: 'policy.bound',
  ordering: 'strict',
  body: policyBoundBody,
});

export const policyBoundRule: Rule<GroupState, PolicyBound> = {
  definition: policyBound,
  permit: ({ roster }, actor) => requireRole(roster, actor, 'owner'),
  check: (state, position, { binding }) => {
    const notCreated = requireCreated(state);
    if (notCreated !== undefined) return notCreated;
    if (binding !== undefined) return checkBinding(state, position, binding);
    return state.policy === undefined ? { code: 'no-policy' } : undefined;
  },
  policyCall: migrationOf,
  apply: (state, position, { binding }, outcome) => ({
    ...state,
    policy: binding && bind(state.policy, binding, position, outcome?.state),
  }),
};

function checkBinding(state: GroupState, { relayTime }: Position, binding: PolicyBinding): RuleRefusal | undefined {
  const { registry, policy } = state;
  const { module, guards } = binding;
  const unguardable = guards.find((type) => !GUARDABLE_TYPES.has(type));
  if (unguardable !== undefined) return { code: 'unguardable-event-type', eventType: unguardable };
  if (registry === undefined) return { code: 'registry-not-followed' };
  if (!equalBytes(registry.registry, binding.registry)) return { code: 'wrong-registry' };
  return checkTrust(registry, module, relayTime) ?? (policy && checkSuccession(registry, policy, module));
}

/** `PB7`: a policy is followed by itself or by a later version of its name; whatever else would misread its state. */
function checkSuccession(
  registry: FollowedRegistry,
  { module: before }: BoundPolicy,
  module: Uint8Array,
): RuleRefusal | undefined {
  if (equalBytes(before, module)) return undefined;
  const [earlier, later] = [manifestOf(registry, before), manifestOf(registry, module)];
  if (earlier === undefined || later === undefined) throw new Error('what is in force was published');
  if (earlier.name !== later.name) return { code: 'policy-in-force' };
  return later.version > earlier.version ? undefined : { code: 'module-version-not-rising', version: earlier.version };
}

/** A later version takes over the state of the one before it (`PX6`). */
function migrationOf(
  { registry, policy }: GroupState,
  _: Position,
  { binding }: PolicyBound,
): ChainPolicyCall | undefined {
  if (registry === undefined || policy === undefined || binding === undefined) return undefined;
  const { module } = binding;
  if (equalBytes(policy.module, module)) return undefined;
  return { kind: 'migrate', module, state: policy.state, fuel: fuelOf(registry, module) };
}

function bind(
  before: BoundPolicy | undefined,
  { module, guards }: PolicyBinding,
  { index }: Position,
  migrated: Uint8Array | undefined,
): BoundPolicy {
  const state = migrated ?? before?.state ?? new Uint8Array();
  const since = before !== undefined && equalBytes(before.module, module) ? before.since : index;
  return { module: module.slice(), guards, since, state };
}
