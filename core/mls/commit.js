import { ok } from '../result.ts';
import { readHandshake } from './handshake.ts';
import { readLeaf } from './leaf.ts';
import { MAX_COMMIT_BYTES, MAX_COMMIT_PROPOSALS } from './limits.ts';
import { openMlsMessage } from './message.ts';
import { readProposal } from './proposal.ts';
import { refuse } from './refusal.ts';
/** Parses an MLSMessage that holds a PublicMessage with a commit (`ML20`). */
export function parseCommitMessage(bytes) {
    const message = openMlsMessage(bytes, 'mls_public_message', MAX_COMMIT_BYTES);
    return message.ok ? readCommit(bytes, message.value.publicMessage) : message;
}
function readCommit(bytes, message) {
    const { content, auth } = message;
    if (content.contentType !== 'commit' || auth.contentType !== 'commit')
        return refuse('mls-content-type');
    const handshake = readHandshake(bytes, message);
    if (!handshake.ok)
        return handshake;
    const proposals = readProposals(content.commit.proposals);
    if (!proposals.ok)
        return proposals;
    const commit = { ...handshake.value, proposals: proposals.value, confirmationTag: auth.confirmationTag };
    if (content.commit.path === undefined)
        return ok({ ...commit, pathLeaf: undefined });
    const pathLeaf = readLeaf(content.commit.path.leafNode);
    return pathLeaf.ok ? ok({ ...commit, pathLeaf: pathLeaf.value }) : pathLeaf;
}
function readProposals(proposals) {
    if (proposals.length > MAX_COMMIT_PROPOSALS)
        return refuse('commit-proposal-list');
    const read = [];
    for (const proposal of proposals) {
        if (proposal.proposalOrRefType === 'reference') {
            read.push({ kind: 'reference', ref: proposal.reference });
            continue;
        }
        const byValue = readProposal(proposal.proposal);
        if (!byValue.ok)
            return byValue;
        read.push(byValue.value);
    }
    return ok(read);
}
