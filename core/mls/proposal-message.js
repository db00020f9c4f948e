import { ok } from '../result.ts';
import { proposalRef, readHandshake } from './handshake.ts';
import { MAX_PROPOSAL_BYTES } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { readProposal } from './proposal.ts';
import { refuse } from './refusal.ts';
/** Parses an MLSMessage that holds a PublicMessage with a proposal (`ML21`). */
export function parseProposalMessage(bytes) {
    const message = openMlsMessage(bytes, 'mls_public_message', MAX_PROPOSAL_BYTES);
    if (!message.ok)
        return message;
    const { publicMessage } = message.value;
    if (publicMessage.content.contentType !== 'proposal')
        return refuse('mls-content-type');
    const handshake = readHandshake(bytes, publicMessage);
    if (!handshake.ok)
        return handshake;
    const proposal = readProposal(publicMessage.content.proposal);
    if (!proposal.ok)
        return proposal;
    return ok({ ...handshake.value, ref: proposalRef(bytes, publicMessage), proposal: proposal.value });
}
