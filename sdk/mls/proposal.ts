import type { ClientState, Proposal } from 'ts-mls';
import { makeProposalRef } from 'ts-mls/authenticatedContent.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { protectProposal } from 'ts-mls/messageProtection.js';
import { protectProposalPublic } from 'ts-mls/messageProtectionPublic.js';
import { processPrivateMessage, processPublicMessage } from 'ts-mls/processMessages.js';
import { addUnappliedProposal } from 'ts-mls/unappliedProposals.js';
import { equalBytes, ok, type ActorKey, type HandshakeMode, type Result } from '../../core/index.ts';
import {
  bindingJob,
  externalSenderAt,
  MAX_EPOCH_PROPOSALS,
  parseOpaqueProposal,
  parseProposalMessage,
  readProposal,
  type MlsProposalMessage,
  type MlsSender,
  type ProposedInEpoch,
} from '../../core/mls/index.ts';
import { decodePrivateMessage, decodePublicMessage } from './framed-message.ts';
import type { GroupState } from './group-state.ts';
import { openState, replaceClient, termsOf } from './open-state.ts';
import { openHandshake } from './opaque-handshake.ts';
import { paddedLength } from './padding.ts';
import { provenActor } from './proven-actor.ts';
import { refuse, type EngineRefusal } from './refusal.ts';
import { isGenuine, loadSuite } from './suite.ts';

export interface MadeProposal {
  /** An MLSMessage that holds a PublicMessage, or where handshakes are opaque a PrivateMessage. */
  readonly message: Uint8Array;
  /** ProposalRef, 32 bytes. */
  readonly ref: Uint8Array;
  /** Store it before an opaque proposal leaves: its key is used up, and nobody can read it back from the log. */
  readonly state: GroupState;
}

/** Asks for the removal of this client's own leaf, which another member has to commit (RFC 9420 §12.2). */
export async function proposeLeave(
  state: GroupState,
  authenticatedData: Uint8Array,
  handshakes: HandshakeMode = 'public',
): Promise<Result<MadeProposal, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  return ok(await (handshakes === 'opaque' ? encryptLeave : signLeave)(state, authenticatedData));
}

async function signLeave(state: GroupState, authenticatedData: Uint8Array): Promise<MadeProposal> {
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
  return { message, ref: parsed.value.ref, state };
}

/** Its author can't decrypt it again, so the state knows it from here on. */
async function encryptLeave(state: GroupState, authenticatedData: Uint8Array): Promise<MadeProposal> {
  const { client } = openState(state);
  const { groupContext, signaturePrivateKey, keySchedule, secretTree, unappliedProposals } = client;
  const { leafIndex } = state;
  const proposal = removalOf(leafIndex);
  const made = await protectProposal(
    signaturePrivateKey,
    keySchedule.senderDataSecret,
    proposal,
    authenticatedData,
    groupContext,
    secretTree,
    leafIndex,
    { kind: 'padUntilLength', padUntilLength: paddedLength(0) },
    await loadSuite(groupContext.cipherSuite),
  );
  const { privateMessage, newSecretTree, proposalRef: ref } = made;
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  const known = addUnappliedProposal(ref, unappliedProposals, proposal, leafIndex);
  const spent = { ...client, secretTree: newSecretTree, unappliedProposals: known };
  return { message, ref, state: replaceClient(state, spent) };
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
 * Takes in a proposal of the current epoch for commits to refer to: a member's, this client's own ones too where they are not
 * encrypted, or an external sender's to remove somebody. Never throws for what `bytes` hold; a refusal leaves `state` as good as it was.
 */
export async function processProposal(
  state: GroupState,
  bytes: Uint8Array,
  handshakes: HandshakeMode = 'public',
): Promise<Result<ProcessedProposal, EngineRefusal>> {
  if (state.status === 'removed') return refuse('not-a-member');
  const read = await (handshakes === 'opaque' ? openProposal(state, bytes) : readPublicProposal(state, bytes));
  if (!read.ok) return read;
  const { ref, authenticatedData } = read.value;
  const proposer = await proposerOf(state, read.value);
  if (proposer === undefined) return refuse('proposal-misplaced');
  const { client } = openState(state);
  if (Object.keys(client.unappliedProposals).length >= MAX_EPOCH_PROPOSALS) return refuse('proposal-misplaced');
  const next = await take(client, bytes, handshakes);
  if (next === undefined) return refuse('proposal-forged');
  return ok({ state: replaceClient(state, next), ref, proposer, authenticatedData });
}

type ReadProposal = Pick<MlsProposalMessage, 'ref' | 'authenticatedData' | 'sender' | 'proposal'>;

function readPublicProposal(state: GroupState, bytes: Uint8Array): Result<ReadProposal, EngineRefusal> {
  const parsed = parseProposalMessage(bytes, termsOf(state.suite));
  return parsed.ok && !isOfEpoch(state, parsed.value) ? refuse('proposal-misplaced') : parsed;
}

async function openProposal(state: GroupState, bytes: Uint8Array): Promise<Result<ReadProposal, EngineRefusal>> {
  const parsed = parseOpaqueProposal(bytes);
  if (!parsed.ok) return parsed;
  if (!isOfEpoch(state, parsed.value)) return refuse('proposal-misplaced');
  const { client } = openState(state);
  const opened = await openHandshake(client, bytes);
  if (opened?.content.contentType !== 'proposal') return refuse('proposal-forged');
  const readable = readProposal(opened.content.proposal, termsOf(state.suite));
  if (!readable.ok) return readable;
  const { sender } = opened.content;
  if (sender.senderType !== 'member') return refuse('proposal-misplaced');
  const ref = await makeProposalRef(opened, (await loadSuite(client.groupContext.cipherSuite)).hash);
  const { authenticatedData } = parsed.value;
  const member = { kind: 'member', leafIndex: sender.leafIndex } as const;
  return ok({ ref, authenticatedData, sender: member, proposal: readable.value });
}

function isOfEpoch(state: GroupState, { groupId, epoch }: Pick<MlsProposalMessage, 'groupId' | 'epoch'>): boolean {
  return equalBytes(groupId, state.groupId) && epoch === state.epoch;
}

/** Undefined for everyone who is neither in nor named in `external_senders`, and for what nobody may propose from there (`ML82`). */
async function proposerOf(state: GroupState, { sender, proposal }: ReadProposal): Promise<ActorKey | undefined> {
  if (sender.kind !== 'external') return memberAt(state, sender);
  const { groupContext } = openState(state).client;
  const external = externalSenderAt(groupContext.extensions, sender.senderIndex);
  if (external === undefined || proposal.kind !== 'remove') return undefined;
  const { identity, signatureKey } = external;
  const isBound = await isGenuine([bindingJob(identity, state.suite, signatureKey)]);
  return isBound ? provenActor(identity.actor) : undefined;
}

/** Undefined for everyone who is not in. */
function memberAt(state: GroupState, sender: MlsSender): ActorKey | undefined {
  if (sender.kind !== 'member') return undefined;
  const leaf = openState(state).leaves.find(({ leafIndex }) => leafIndex === sender.leafIndex);
  return leaf && provenActor(leaf.actor);
}

async function take(
  client: ClientState,
  bytes: Uint8Array,
  handshakes: HandshakeMode,
): Promise<ClientState | undefined> {
  try {
    const suite = await loadSuite(client.groupContext.cipherSuite);
    const processed =
      handshakes === 'opaque'
        ? processPrivateMessage(client, decodePrivateMessage(bytes), NO_PSK, suite)
        : processPublicMessage(client, decodePublicMessage(bytes), NO_PSK, suite);
    return (await processed).newState;
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
    if (read.ok) proposed.set(ref, { proposal: read.value, leafIndex: senderLeafIndex });
  }
  return proposed;
}
