import { ok, type Result } from '../result.ts';
import type { MlsHandshake } from './handshake.ts';
import { MAX_PROPOSAL_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import type { MlsProposal } from './proposal.ts';
import { proposalRef, readHandshake } from './read-handshake.ts';
import { readProposal } from './read-proposal.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import { DEFAULT_TERMS } from './suite.ts';

export interface MlsProposalMessage extends MlsHandshake {
  /** ProposalRef, 32 bytes: what a commit names it by. */
  readonly ref: Uint8Array;
  readonly proposal: MlsProposal;
}

/** Parses an MLSMessage that holds a PublicMessage with a proposal (`ML21`). */
export function parseProposalMessage(
  bytes: Uint8Array,
  terms = DEFAULT_TERMS,
): Result<MlsProposalMessage, MlsRefusal<MlsMessageCode | MlsLeafCode>> {
  const message = openMlsMessage(bytes, 'mls_public_message', MAX_PROPOSAL_BYTES);
  if (!message.ok) return message;
  const { publicMessage } = message.value;
  if (publicMessage.content.contentType !== 'proposal') return refuse('mls-content-type');
  const handshake = readHandshake(bytes, publicMessage);
  if (!handshake.ok) return handshake;
  const proposal = readProposal(publicMessage.content.proposal, terms);
  if (!proposal.ok) return proposal;
  return ok({ ...handshake.value, ref: proposalRef(bytes, publicMessage), proposal: proposal.value });
}
