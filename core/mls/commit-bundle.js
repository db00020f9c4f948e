import { equalBytes, toBase64 } from '../bytes/index.ts';
import { ok } from '../result.ts';
import { groupInfoSignatures } from './group-info.ts';
import { handshakeSignature } from './handshake.ts';
import { refuse } from './refusal.ts';
import { applyCommitToLeaves } from './roster-delta.ts';
/**
 * Checks that the parts of a bundle belong together and follow the epoch before (`ML23`-`ML29`). Given that `previous`
 * was genuine and the signatures verify, the members after the commit are who the delta says. Not checked here, since it
 * takes secrets or the whole tree: membership tag, path ciphertexts, transcript and parent hashes.
 */
export function checkCommitBundle(bundle) {
    const { previous, commit, welcome, groupInfo } = bundle;
    const applied = applyCommitToLeaves(previous, commit);
    if (!applied.ok)
        return applied;
    const { delta, committerLeaf, addedKeyPackages } = applied.value;
    if (!addressesExactly(welcome, addedKeyPackages))
        return refuse('commit-welcome');
    if (!isGroupInfoAfter(bundle, applied.value))
        return refuse('commit-group-info');
    const signer = { key: committerLeaf.signatureKey, groupContext: previous.groupContext };
    const signatures = [
        handshakeSignature(commit, signer),
        ...groupInfoSignatures(groupInfo, previous),
        // Their leaves are new in the GroupInfo's tree, so those signatures are among the ones above.
        ...addedKeyPackages.map(({ signature }) => signature),
    ];
    return ok({ delta, addedKeyPackages, signatures });
}
function addressesExactly(welcome, keyPackages) {
    if (welcome === undefined)
        return keyPackages.length === 0;
    if (welcome.refs.length !== keyPackages.length || keyPackages.length === 0)
        return false;
    const refs = new Set(welcome.refs.map(toBase64));
    return refs.size === keyPackages.length && keyPackages.every(({ ref }) => refs.has(toBase64(ref)));
}
function isGroupInfoAfter({ previous, commit, groupInfo }, applied) {
    return (equalBytes(groupInfo.groupId, previous.groupId) &&
        groupInfo.epoch === previous.epoch + 1 &&
        groupInfo.suite === previous.suite &&
        groupInfo.signer.leafIndex === applied.delta.committerLeafIndex &&
        equalBytes(groupInfo.confirmationTag, commit.confirmationTag) &&
        groupInfo.leaves.length === applied.leaves.size &&
        groupInfo.leaves.every(({ leafIndex, encoded }) => {
            const expected = applied.leaves.get(leafIndex);
            return expected !== undefined && equalBytes(expected.encoded, encoded);
        }));
}
/**
 * Checks that a GroupInfo is the first of a group (`ML31`): epoch 0, no history, one leaf. Gives the founder's 32-byte
 * actor key, and the signatures that prove it.
 */
export function checkFoundingGroupInfo(groupInfo) {
    const { epoch, confirmedTranscriptHash, leaves, signer } = groupInfo;
    const isFounding = epoch === 0 && confirmedTranscriptHash.length === 0 && leaves.length === 1 && signer.leafIndex === 0;
    if (!isFounding)
        return refuse('group-info-not-founding');
    return ok({ founder: signer.actor, signatures: groupInfoSignatures(groupInfo) });
}
