import { equalBytes } from '../../../bytes/index.ts';
import { opaque, struct, type Decoded } from '../../../codec/index.ts';
import { defineEvent, HASH_BYTES } from '../../../event/index.ts';
import { isAtSameRelay } from '../../genesis.ts';
import type { Position, Rule, RuleRefusal } from '../../rule.ts';
import { requireCreated, type GroupState } from '../group-state.ts';
import { importedFacts } from '../imports/facts.ts';
import { findMember, holdsRole, requireRole } from '../roster.ts';
import { proveRegistry, readRegistry, type RegistryFacts } from './followed-registry.ts';

const registrySyncedBody = struct('RegistrySynced', {
  /** Chain of the registry. */
  registry: opaque(HASH_BYTES),
  /** What came after what the group knows of it; from its genesis on where the group does not follow it yet. */
  facts: importedFacts,
});

type RegistrySynced = Decoded<typeof registrySyncedBody>;

/** Brings what is new in the registry that the group follows; an owner's first one makes the group follow it (`PB1`, `PB2`). */
export const registrySynced = defineEvent({
  type: 0x0304,
  name: 'registry.synced',
  ordering: 'strict',
  body: registrySyncedBody,
});

export const registrySyncedRule: Rule<GroupState, RegistrySynced> = {
  definition: registrySynced,
  outlivesGroup: true,
  permit: (state, actor, { registry }) => {
    if (!follows(state, registry)) return requireRole(state.roster, actor, 'owner');
    const member = findMember(state.roster, actor);
    // Its proof is its permission, as that of an account's news (`NA5`): a relay takes it from itself and from members alone.
    return member === undefined || holdsRole(member) ? undefined : { code: 'actor-removed', at: member.until };
  },
  check: checkImport,
  apply: (state, _position, body) => {
    const registry = readRegistry(nextImport(state, body));
    return registry.ok ? { ...state, registry: registry.value } : state;
  },
};

function checkImport(state: GroupState, _position: Position, body: RegistrySynced): RuleRefusal | undefined {
  const notCreated = requireCreated(state);
  if (notCreated !== undefined) return notCreated;
  // What the policy in force stands in would be gone.
  if (!follows(state, body.registry) && state.policy !== undefined) return { code: 'policy-in-force' };
  const imported = readRegistry(nextImport(state, body));
  if (!imported.ok) return imported.error;
  // First of all: of another relay's registry, anybody can have signed the tree.
  if (!isAtSameRelay(imported.value.state.genesis, state.genesis)) return { code: 'foreign-registry' };
  const proven = proveRegistry(nextImport(state, body));
  return proven.ok ? undefined : proven.error;
}

function follows({ registry }: GroupState, chain: Uint8Array): boolean {
  return registry !== undefined && equalBytes(registry.registry, chain);
}

function nextImport(state: GroupState, { registry, facts }: RegistrySynced): RegistryFacts {
  return { registry, known: follows(state, registry) ? state.registry : undefined, facts };
}
