import type { ClientState, Proposal } from 'ts-mls';
import { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
import { protectProposalPublic } from 'ts-mls/messageProtectionPublic.js';
import { processPublicMessage } from 'ts-mls/processMessages.js';
import { equalBytes, ok, type ActorKey, type Result } from '../../core/index.ts';
import {
  MAX_EPOCH_PROPOSALS,
  parseProposalMessage,
  readProposal,
  type MlsProposalMessage,
  type ProposedInEpoch,
} from '../../core/mls/index.ts';
import type { GroupState } from './group-state.ts';
import { openState, replaceClient, termsOf } from './open-state.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { loadSuite } from './suite.ts';

export interface MadeProposal {
  /** An MLSMessage that holds a PublicMessage. */
  readonly message: Uint8Array;
  /** ProposalRef, 32 bytes. */
  readonly ref: Uint8Array;
}

/** Asks for the removal of this client's own leaf, which another member has to commit (RFC 9420 §12.2). */
export async function proposeLeave(
  state: GroupState,
  authenticatedData: Uint8Array,
): Promise<Result<MadeProposal, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const { signaturePrivateKey, keySchedule, groupContext } = openState(state).client;
  const { publicMessage } = await protectProposalPublic(
    signaturePrivateKey,
    keySchedule.membershipKey,
    groupContext,
    authenticatedData,
    removalOf(state.leafIndex),
    state.leafIndex,
    await loadSuite(groupContext.cipherSuite),
  );
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
  const parsed = parseProposalMessage(message, termsOf(state.suite));
  if (!parsed.ok) throw new Error(`made a proposal that is refused: ${parsed.error.code}`);
  return ok({ message, ref: parsed.value.ref });
}

export function removalOf(leafIndex: number): Proposal {
  return { proposalType: 'remove', remove: { removed: leafIndex } };
}

export interface ProcessedProposal {
  /** Knows the proposal until the epoch ends. */
  readonly state: GroupState;
  readonly ref: Uint8Array;
  readonly proposer: ActorKey;
  readonly authenticatedData: Uint8Array;
}

/**
 * Takes in a member's proposal of the current epoch, this client's own ones too, for commits to refer to. Never throws for
 * what `bytes` hold; a refusal leaves `state` as good as it was.
 */
export async function processProposal(
  state: GroupState,
  bytes: Uint8Array,
): Promise<Result<ProcessedProposal, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const parsed = parseProposalMessage(bytes, termsOf(state.suite));
  if (!parsed.ok) return parsed;
  const { ref, authenticatedData } = parsed.value;
  const proposer = proposerIn(state, parsed.value);
  if (proposer === undefined) return refuse('proposal-misplaced');
  const { client } = openState(state);
  if (Object.keys(client.unappliedProposals).length >= MAX_EPOCH_PROPOSALS) return refuse('proposal-misplaced');
  const next = await take(client, bytes);
  if (next === undefined) return refuse('proposal-forged');
  return ok({ state: replaceClient(state, next), ref, proposer, authenticatedData });
}

/** Undefined unless it is of this group and epoch, by one who is in. */
function proposerIn(state: GroupState, { groupId, epoch, sender }: MlsProposalMessage): ActorKey | undefined {
  if (!equalBytes(groupId, state.groupId) || epoch !== state.epoch || sender.kind !== 'member') return undefined;
  const leaf = openState(state).leaves.find(({ leafIndex }) => leafIndex === sender.leafIndex);
  return leaf && provenActor(leaf.actor);
}

async function take(client: ClientState, bytes: Uint8Array): Promise<ClientState | undefined> {
  try {
    // From a copy: the state keeps parts of the message, and the caller's buffer may be used again.
    const message = decodeMlsMessage(bytes.slice(), 0)?.[0];
    if (message?.wireformat !== 'mls_public_message') throw new TypeError('parsed as a PublicMessage before');
    const suite = await loadSuite(client.groupContext.cipherSuite);
    return (await processPublicMessage(client, message.publicMessage, NO_PSK, suite)).newState;
  } catch {
    return undefined;
  }
}

const NO_PSK = { findPsk: () => undefined };

/** What was proposed in the state's epoch, as core reads it. What it can't read, no commit may refer to. */
export function proposedIn(state: GroupState): ReadonlyMap<string, ProposedInEpoch> {
  const { unappliedProposals } = openState(state).client;
  const proposed = new Map<string, ProposedInEpoch>();
  for (const [ref, { proposal, senderLeafIndex }] of Object.entries(unappliedProposals)) {
    const read = readProposal(proposal, termsOf(state.suite));
    if (read.ok && senderLeafIndex !== undefined)
      proposed.set(ref, { proposal: read.value, leafIndex: senderLeafIndex });
  }
  return proposed;
}
