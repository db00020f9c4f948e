import {
  decodeTrusted,
  entryCodec,
  err,
  eventTbs,
  findMember,
  holdsRole,
  MAX_PAGE_ENTRIES,
  mlsCommit,
  ok,
  readableUntil,
  roleOf,
  type ChainState,
  type Result,
} from '../core/index.ts';
import type { CredentialMode } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';

/** A range of entries that a reader may have, `from` included and `end` not. */
export interface ReadableRange {
  readonly from: number;
  readonly end: number;
  /** The size of the log that this reader may know of: all of it, or what it was at their removal. */
  readonly knownSize: number;
}

/**
 * Cuts a request at the reader's last permitted index (`AC3`). One who may read nothing learns only that there is nothing
 * for them, not whether the chain exists.
 */
export function authoriseRead(
  state: ChainState,
  size: number,
  actor: Uint8Array | undefined,
  wanted: { readonly from: number; readonly limit: number },
): Result<ReadableRange, RelayRefusal> {
  const until = readableUntil(state, actor);
  if (until === undefined) return err({ code: 'not-found' });
  const limit = Math.min(Math.max(wanted.limit, 1), MAX_PAGE_ENTRIES);
  const knownSize = Math.min(size, until + 1);
  return ok({ from: wanted.from, end: Math.min(knownSize, wanted.from + limit), knownSize });
}

/** Whether this actor reads the chain as it is, not only a past part of it. */
export function readsHead(state: ChainState, size: number, actor: Uint8Array | undefined): boolean {
  const until = readableUntil(state, actor);
  return until !== undefined && until >= size - 1;
}

/** Whether the actor is in the group now. What lets somebody into an epoch is for members alone, in a public group too. */
export function isMember(state: ChainState, actor: Uint8Array | undefined): boolean {
  const member = actor && state.kind === 'group' ? findMember(state.value.roster, actor) : undefined;
  return member !== undefined && holdsRole(member);
}

/**
 * What the leaves of the group are like, where the actor could add members, or undefined: what a device asks before it gives
 * away a KeyPackage (`KP4`).
 */
export function invitationTerms(state: ChainState, actor: Uint8Array): CredentialMode | undefined {
  if (state.kind !== 'group' || !['owner', 'admin'].includes(roleOf(state.value.roster, actor))) return undefined;
  const { parameters } = state.value.genesis;
  return parameters.kind === 'group' ? parameters.value.credentials : undefined;
}

/**
 * The last MLS epoch that this actor is, or was, in: without end for a member, that of the commit that removed it for one who
 * left; undefined for everybody else.
 */
export function lastEpochOf(
  state: ChainState,
  actor: Uint8Array | undefined,
  entryAt: (index: number) => Uint8Array | undefined,
): number | undefined {
  if (isMember(state, actor)) return Number.MAX_SAFE_INTEGER;
  const left = actor !== undefined && state.kind === 'group' ? findMember(state.value.roster, actor) : undefined;
  const entry = left && entryAt(left.until);
  if (entry === undefined) return undefined;
  const { type, body } = decodeTrusted(eventTbs, decodeTrusted(entryCodec, entry).event);
  const removal = type === mlsCommit.type ? mlsCommit.decodeBody(body) : undefined;
  return removal?.ok === true ? removal.value.epoch : undefined;
}

/** Whether both hold a role: what a device asks before it takes an envelope that came by this chain (`SE2`). */
export function shareGroup(state: ChainState, a: Uint8Array, b: Uint8Array): boolean {
  return isMember(state, a) && isMember(state, b);
}
