import {
  equalBytes,
  MAX_ROSTER_REMOVALS,
  mlsProposal,
  sha256,
  toBase64Url,
  type ChainState,
  type Member,
  type MlsCommit,
  type RelayProposer,
} from '../core/index.ts';
import {
  addProposal,
  bindingContent,
  encodeAuthenticatedData,
  externalSenderIndex,
  leavesOf,
  mlsSuites,
  proposeRemoval,
  type PublicGroup,
} from '../core/mls/index.ts';
import { mlsChoicesOf } from './group-terms.ts';
import type { ChainHead } from './ports.ts';
import { relayCandidate, type RelayActor } from './relay-actor.ts';
import type { Candidate } from './submission.ts';

/** The relay's actor as an external sender of MLS groups: its key is the signature key as well, in suites that have Ed25519. */
export function describeProposer({ publicKey, sign }: RelayActor): RelayProposer {
  const suites = mlsSuites.filter(({ signatureKeyBytes }) => signatureKeyBytes === publicKey.length);
  const bindings = suites.map(({ id }) => [id, toBase64Url(sign(bindingContent(id, publicKey)))] as const);
  return { key: toBase64Url(publicKey), bindings: Object.fromEntries(bindings) };
}

/** Whether leaves of revoked devices are left in a tree that the relay follows (`NA6`). */
export function hasRevokedLeaves(state: ChainState): boolean {
  return mlsChoicesOf(state)?.handshakes === 'public' && suspendedIn(state).length > 0;
}

/** Whether what happened calls for proposals: a revocation, or an epoch that began without the earlier ones. */
export function callsForRemovals(now: ChainState, before: ChainState): boolean {
  if (now.kind !== 'group' || before.kind !== 'group' || !hasRevokedLeaves(now)) return false;
  return now.value.roster !== before.value.roster || now.value.mls?.epoch !== before.value.mls?.epoch;
}

/** `NA15`: keys that a revoked device has are not renewed with its leaf still there. */
export function keepsRevoked({ roster: { removed } }: MlsCommit, { state }: ChainHead): boolean {
  if (state.kind !== 'group' || removed.length >= MAX_ROSTER_REMOVALS) return false;
  const suspended = state.value.roster.filter(({ role }) => role === 'suspended');
  return suspended.some(({ actor }) => !removed.some((gone) => equalBytes(gone, actor)));
}

function suspendedIn(state: ChainState): readonly Member[] {
  if (state.kind !== 'group' || state.value.mls === undefined || state.value.mls.successor !== undefined) return [];
  return state.value.roster.filter(({ role }) => role === 'suspended');
}

/** By whom and as what a proposal is made. */
export interface RemovalParts {
  readonly actor: RelayActor;
  readonly eventId: Uint8Array;
  readonly clock: number;
}

/**
 * The relay's proposal to remove one leaf of a revoked device that it has not proposed yet (`NA16`). Undefined where there is
 * none, where the group does not name the relay as an external sender, and where an epoch has enough proposals.
 */
export function removalOfRevoked(head: ChainHead, group: PublicGroup, parts: RemovalParts): Candidate | undefined {
  const { actor, eventId, clock } = parts;
  const senderIndex = hasRevokedLeaves(head.state) ? externalSenderIndex(group, actor.publicKey) : undefined;
  const leafIndex = findRevokedLeaf(head.state, group);
  if (senderIndex === undefined || leafIndex === undefined) return undefined;
  const authenticatedData = encodeAuthenticatedData({ actor: actor.publicKey, eventId });
  const payload = proposeRemoval(group, { senderIndex, leafIndex, authenticatedData, sign: actor.sign });
  const added = addProposal(group, payload);
  if (!added.ok) return undefined;
  const { proposal } = added.value;
  const epoch = Number(group.context.epoch);
  const named = { proposalRef: proposal.ref, proposalHash: sha256(payload), proposalSize: payload.length };
  const body = { epoch, purpose: 'revoked', ...named } as const;
  const candidate = relayCandidate(head, { definition: mlsProposal, body, eventId, clock, payload }, actor);
  return { ...candidate, proposal: { hash: named.proposalHash, bytes: payload, epoch, proposal } };
}

function findRevokedLeaf(state: ChainState, { tree, proposals }: PublicGroup): number | undefined {
  const proposed = new Set(
    [...proposals.values()].map(({ sender, change }) =>
      sender.kind === 'external' && change.kind === 'remove' ? change.leafIndex : undefined,
    ),
  );
  const suspended = suspendedIn(state);
  for (const [leafIndex, { client }] of leavesOf(tree)) {
    if (!proposed.has(leafIndex) && suspended.some(({ actor }) => equalBytes(actor, client))) return leafIndex;
  }
  return undefined;
}
