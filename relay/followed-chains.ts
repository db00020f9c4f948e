import {
  equalBytes,
  findMember,
  identitySynced,
  registrySynced,
  type ChainState,
  type Event,
  type EventDefinition,
  type ImportedFacts,
} from '../core/index.ts';

/** A chain that a group imports from, as far as the group knows it. */
export interface FollowedChain {
  readonly chain: Uint8Array;
  /** Entries of it that the group has imported. */
  readonly size: number;
  /** The event that imports more. */
  readonly importOf: (facts: ImportedFacts) => {
    readonly definition: EventDefinition<unknown>;
    readonly body: unknown;
  };
}

/** The accounts that a group names, and the registry that it follows. */
export function followedChains(state: ChainState): readonly FollowedChain[] {
  if (state.kind !== 'group') return [];
  const { accounts, registry } = state.value;
  const followed = accounts.map(({ identity, size }): FollowedChain => {
    const importOf = (facts: ImportedFacts) => ({ definition: SYNCED, body: { identity, facts } });
    return { chain: identity, size, importOf };
  });
  if (registry === undefined) return followed;
  const { registry: chain, size } = registry;
  const importOf = (facts: ImportedFacts) => ({ definition: REGISTRY_SYNCED, body: { registry: chain, facts } });
  return [...followed, { chain, size, importOf }];
}

/** Whether a group follows more than before, or another registry. */
export function followsOthers(now: ChainState, before: ChainState): boolean {
  if (now.kind !== 'group' || before.kind !== 'group') return false;
  const [after, earlier] = [now.value, before.value];
  return after.accounts.length !== earlier.accounts.length || after.registry?.registry !== earlier.registry?.registry;
}

/** One of them. */
export function findFollowed(state: ChainState, chain: Uint8Array): FollowedChain | undefined {
  return followedChains(state).find((followed) => equalBytes(followed.chain, chain));
}

/** Definitions stand beside bodies of their own type. */
const SYNCED = identitySynced as EventDefinition<unknown>;
const REGISTRY_SYNCED = registrySynced as EventDefinition<unknown>;

/**
 * `PB2`: news of the registry from somebody who is not in the group. A registry is public, so that anyone can prove its news: whoever
 * only knows the id of a group would learn of it, and have it verify what is not asked for. The relay's own don't come this way.
 */
export function isStrangersNews(state: ChainState, { type, actor }: Event): boolean {
  if (type !== registrySynced.type || state.kind !== 'group') return false;
  return findMember(state.value.roster, actor) === undefined;
}
