import type { Proposal } from 'ts-mls';
import { equalBytes, toBase64 } from '../../bytes/index.ts';
import type { VerifyJob } from '../../crypto/index.ts';
import { ok, type Result } from '../../result.ts';
import { handshakeSignature, type MlsHandshake, type MlsSender } from '../handshake.ts';
import { MAX_EPOCH_PROPOSALS, MAX_PROPOSAL_BYTES } from '../limits.ts';
import { openMlsMessage } from '../message.ts';
import { proposalRef, readHandshake } from '../read-handshake.ts';
import { refuse, type MlsCommitCode, type MlsRefusal } from '../refusal.ts';
import { readGroupExtensions } from './group-extensions.ts';
import type { KnownProposal } from './known-proposal.ts';
import type { PublicGroup } from './public-group.ts';
import { leafAt } from './public-tree.ts';
import { readChange, type ChangeRefusal } from './read-change.ts';

export interface AddedProposal {
  /** The epoch with the proposal. It counts only once all signatures verify. */
  readonly group: PublicGroup;
  readonly proposal: KnownProposal;
  readonly handshake: MlsHandshake;
  /** The message's and those of new leaves and KeyPackages, by the suite's scheme. */
  readonly signatures: readonly VerifyJob[];
  /** Of new leaves' credentials, Ed25519. */
  readonly bindings: readonly VerifyJob[];
}

type ProposalRefusal = ChangeRefusal | MlsRefusal<Extract<MlsCommitCode, 'commit-after-reinit'>>;

/** Takes in a proposal of the current epoch, an MLSMessage that holds a PublicMessage, for commits to refer to. */
export function addProposal(group: PublicGroup, bytes: Uint8Array): Result<AddedProposal, ProposalRefusal> {
  const message = openMlsMessage(bytes, 'mls_public_message', MAX_PROPOSAL_BYTES);
  if (!message.ok) return message;
  const { publicMessage } = message.value;
  const { content } = publicMessage;
  if (content.contentType !== 'proposal') return refuse('mls-content-type');
  if (group.isSuspended) return refuse('commit-after-reinit');
  const handshake = readHandshake(bytes, publicMessage);
  if (!handshake.ok) return handshake;
  const { sender } = handshake.value;
  if (!equalBytes(content.groupId, group.context.groupId)) return refuse('proposal-group');
  if (content.epoch !== group.context.epoch) return refuse('proposal-epoch');
  const framing = signatureOfSender(group, handshake.value, content.proposal);
  if (framing === undefined) return refuse('proposal-sender');
  const read = readChange(group, content.proposal, sender);
  if (!read.ok) return read;
  const ref = proposalRef(bytes, publicMessage, group.rules.suite.hash);
  const proposal = { ref, sender, change: read.value.change };
  const proposals = new Map(group.proposals).set(toBase64(ref), proposal);
  if (proposals.size > MAX_EPOCH_PROPOSALS || countOf(proposals, sender) > group.rules.maxSenderProposals) {
    return refuse('proposal-limit');
  }
  const signatures = [framing, ...read.value.signatures];
  const { bindings } = read.value;
  return ok({ group: { ...group, proposals }, proposal, handshake: handshake.value, signatures, bindings });
}

/** Newcomers count as one: each of them is whoever it says it is. */
function countOf(proposals: PublicGroup['proposals'], sender: MlsSender): number {
  return [...proposals.values()].filter((known) => isSame(known.sender, sender)).length;
}

function isSame(a: MlsSender, b: MlsSender): boolean {
  if (a.kind === 'member') return b.kind === 'member' && a.leafIndex === b.leafIndex;
  if (a.kind === 'external') return b.kind === 'external' && a.senderIndex === b.senderIndex;
  return a.kind === b.kind;
}

/** What somebody outside the group may propose (RFC 9420 §12.1.8). */
const EXTERNAL_TYPES: ReadonlySet<Proposal['proposalType']> = new Set([
  'add',
  'remove',
  'psk',
  'reinit',
  'group_context_extensions',
]);

/** Undefined where the sender may not propose this. Those outside the group don't sign the GroupContext (RFC 9420 §6.1). */
function signatureOfSender(group: PublicGroup, handshake: MlsHandshake, proposal: Proposal): VerifyJob | undefined {
  const { sender } = handshake;
  const { proposalType } = proposal;
  switch (sender.kind) {
    case 'member': {
      const key = leafAt(group.tree, sender.leafIndex)?.node.signaturePublicKey;
      return key && handshakeSignature(handshake, { key, groupContext: group.encodedContext });
    }
    case 'external': {
      const extensions = readGroupExtensions(group.context.extensions);
      const senders = extensions.ok ? extensions.value.externalSenders : [];
      const key = senders[sender.senderIndex]?.signaturePublicKey;
      if (key === undefined || !EXTERNAL_TYPES.has(proposalType)) return undefined;
      return handshakeSignature(handshake, { key, groupContext: NOTHING });
    }
    case 'new-member-proposal': {
      if (proposal.proposalType !== 'add') return undefined;
      const key = proposal.add.keyPackage.leafNode.signaturePublicKey;
      return handshakeSignature(handshake, { key, groupContext: NOTHING });
    }
    case 'new-member-commit':
      return undefined;
  }
}

const NOTHING = new Uint8Array();
