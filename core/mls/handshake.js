import { concatBytes } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { ok } from '../result.ts';
import { refuse } from './refusal.ts';
import { mlsSignatureJob, refHash, withoutTrailing } from './signed-bytes.ts';
export function readHandshake(bytes, message) {
    const { content, auth } = message;
    const epoch = readEpoch(content.epoch);
    if (epoch === undefined)
        return refuse('mls-malformed');
    return ok({
        groupId: content.groupId,
        epoch,
        sender: readSender(content.sender),
        authenticatedData: content.authenticatedData,
        hash: sha256(bytes),
        signed: withoutTrailing(bytes, auth.signature, ...trailingTags(message)),
        signature: auth.signature,
    });
}
/** Everything behind the signature: the confirmation tag of a commit, the membership tag of a member. */
function trailingTags(message) {
    return [
        ...(message.auth.contentType === 'commit' ? [message.auth.confirmationTag] : []),
        ...(message.senderType === 'member' ? [message.membershipTag] : []),
    ];
}
function readSender(sender) {
    switch (sender.senderType) {
        case 'member':
            return { kind: 'member', leafIndex: sender.leafIndex };
        case 'external':
            return { kind: 'external', senderIndex: sender.senderIndex };
        case 'new_member_proposal':
            return { kind: 'new-member-proposal' };
        case 'new_member_commit':
            return { kind: 'new-member-commit' };
    }
}
/** Undefined above 2^53-1, which no group reaches. */
export function readEpoch(epoch) {
    return epoch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(epoch) : undefined;
}
/** The sender's signature, which covers the GroupContext of the epoch that the message was made in (RFC 9420 §6.1). */
export function handshakeSignature(handshake, signer) {
    const content = concatBytes(handshake.signed, signer.groupContext);
    return mlsSignatureJob({ key: signer.key, label: 'FramedContentTBS', content, signature: handshake.signature });
}
const VERSION_BYTES = 2;
/** ProposalRef (RFC 9420 §5.2): the hash of the message from its wire format on, less the membership tag. */
export function proposalRef(bytes, message) {
    const tags = message.senderType === 'member' ? [message.membershipTag] : [];
    return refHash('Proposal', withoutTrailing(bytes, ...tags).subarray(VERSION_BYTES));
}
