import { decode, encode, variant, type Json } from '../codec/index.ts';
import { sha256 } from '../crypto/index.ts';
import { chainKind } from './genesis.ts';
import { groupStateCodec, type GroupState } from './group/group-state.ts';
import { findMember, holdsRole } from './group/roster.ts';
import { accessOf, identityStateCodec, type IdentityState } from './identity/identity-state.ts';
import { isCarrier, registryStateCodec, type RegistryState } from './registry/registry-state.ts';

export const chainStateCodec = variant('ChainState', chainKind, {
  identity: identityStateCodec,
  group: groupStateCodec,
  registry: registryStateCodec,
});

/** What a chain's entries add up to. Values are never changed in place. */
export type ChainState =
  | { readonly kind: 'identity'; readonly value: IdentityState }
  | { readonly kind: 'group'; readonly value: GroupState }
  | { readonly kind: 'registry'; readonly value: RegistryState };

/** The one encoding, of which the digest is taken (`ST2`). */
export function encodeState(state: ChainState): Uint8Array {
  return encode(chainStateCodec, state);
}

/** Returns undefined for bytes that are no state: a snapshot is a cache, and a bad one is dropped (`ST3`). */
export function parseState(bytes: Uint8Array): ChainState | undefined {
  const parsed = decode(chainStateCodec, bytes);
  return parsed.ok ? parsed.value : undefined;
}

/** For people; see `Json`. */
export function viewState(state: ChainState): Json {
  return chainStateCodec.view(state);
}

/** SHA-256 of the canonical encoding (`ST2`). Returns 32 bytes. */
export function stateDigest(state: ChainState): Uint8Array {
  return sha256(encodeState(state));
}

/** The last index that an actor may read, if any (`AC3`): those removed read up to and including their removal. */
export function readableUntil(state: ChainState, actor: Uint8Array | undefined): number | undefined {
  if (state.value.genesis.visibility === 'public') return Number.MAX_SAFE_INTEGER;
  if (actor === undefined) return undefined;
  switch (state.kind) {
    case 'identity':
      return accessOf(state.value, actor)?.until;
    case 'group': {
      const member = findMember(state.value.roster, actor);
      if (member === undefined) return undefined;
      return holdsRole(member) ? Number.MAX_SAFE_INTEGER : member.until;
    }
    case 'registry':
      return isCarrier(state.value, actor) ? Number.MAX_SAFE_INTEGER : undefined;
  }
}

/** Index of the entry that let this actor in; undefined for strangers. */
export function admittedAt(state: ChainState, actor: Uint8Array): number | undefined {
  switch (state.kind) {
    case 'identity':
      return accessOf(state.value, actor)?.since;
    case 'group':
      return findMember(state.value.roster, actor)?.since;
    case 'registry':
      return isCarrier(state.value, actor) ? 0 : undefined;
  }
}
