import { opaque, struct, type Decoded } from '../../../codec/index.ts';
import { HASH_BYTES } from '../../../event/index.ts';
import { ok, type Result } from '../../../result.ts';
import { registryRules } from '../../registry/index.ts';
import { foundRegistry, registryStateCodec, type RegistryState } from '../../registry/registry-state.ts';
import { proveFacts, readFacts, type FactsRefusal, type ImportedFacts } from '../imports/facts.ts';
import { importedPart, type Imported, type ImportedKind } from '../imports/import-entry.ts';

/** What a group knows of the registry that it follows: what entries of the group proved, and nothing else (`PB1`). */
export const followedRegistryCodec = struct('FollowedRegistry', {
  /** The registry's chain. */
  registry: opaque(HASH_BYTES),
  ...importedPart,
  state: registryStateCodec,
});

export type FollowedRegistry = Decoded<typeof followedRegistryCodec>;

const REGISTRY: ImportedKind<RegistryState> = {
  found: (genesis, founder) => {
    const { parameters } = genesis;
    return parameters.kind === 'registry' ? foundRegistry(genesis, founder, parameters.value.root) : undefined;
  },
  rules: registryRules,
};

/** An import about a registry is judged by what came before it and what it brings. */
export interface RegistryFacts {
  readonly registry: Uint8Array;
  /** Undefined where the group begins to follow the registry by this very event. */
  readonly known: FollowedRegistry | undefined;
  readonly facts: ImportedFacts;
}

/** The registry as the group knows it after an import that the rules have let in. */
export function readRegistry(given: RegistryFacts): Result<FollowedRegistry, FactsRefusal> {
  return registryOf(given, readFacts({ kind: REGISTRY, chain: given.registry, ...given }));
}

/** The same with every signature (`NA4`). */
export function proveRegistry(given: RegistryFacts): Result<FollowedRegistry, FactsRefusal> {
  return registryOf(given, proveFacts({ kind: REGISTRY, chain: given.registry, ...given }));
}

function registryOf(
  { registry }: RegistryFacts,
  imported: Result<Imported<RegistryState>, FactsRefusal>,
): Result<FollowedRegistry, FactsRefusal> {
  return imported.ok ? ok({ registry: registry.slice(), ...imported.value }) : imported;
}
