import { equalBytes, toBase64 } from '../bytes/index.ts';
import { ok } from '../result.ts';
import { areDistinct } from './ratchet-tree.ts';
import { refuse } from './refusal.ts';
/**
 * Applies a commit to the leaves of its epoch (`ML23`-`ML26`): Removes, then the committer's new leaf, then Adds.
 * Refuses everything but a member's commit of Adds and Removes by value. Relay and members call this one function, so
 * none of them can disagree with the others about what a commit does.
 */
export function applyCommitToLeaves(previous, commit) {
    if (!equalBytes(commit.groupId, previous.groupId))
        return refuse('commit-group');
    if (commit.epoch !== previous.epoch)
        return refuse('commit-epoch');
    const leaves = new Map(previous.leaves.map((leaf) => [leaf.leafIndex, leaf]));
    const committerLeafIndex = commit.sender.kind === 'member' ? commit.sender.leafIndex : -1;
    const committerLeaf = leaves.get(committerLeafIndex);
    if (committerLeaf === undefined)
        return refuse('commit-sender');
    const changes = readChanges(commit);
    if (!changes.ok)
        return changes;
    const { adds, removes } = changes.value;
    const removed = [];
    for (const index of removes) {
        const leaf = leaves.get(index);
        // The committer can't remove itself: nobody would hold the secrets of the next epoch (RFC 9420 §12.2).
        if (leaf === undefined || index === committerLeafIndex)
            return refuse('commit-proposal-list');
        leaves.delete(index);
        removed.push(leaf.actor);
    }
    if (commit.pathLeaf !== undefined) {
        // ts-mls takes any credential with a valid binding, so two actors could trade places unseen.
        if (!equalBytes(commit.pathLeaf.actor, committerLeaf.actor))
            return refuse('commit-credential');
        leaves.set(committerLeafIndex, commit.pathLeaf);
    }
    addFromTheLeft(leaves, adds);
    if (!areDistinct([...leaves.values()].map(({ actor }) => actor)))
        return refuse('commit-proposal-list');
    const delta = { committer: committerLeaf.actor, committerLeafIndex, ...compareActors(adds, removed) };
    return ok({ delta, leaves, committerLeaf, addedKeyPackages: adds });
}
function readChanges({ proposals, pathLeaf }) {
    const adds = [];
    const removes = [];
    for (const proposal of proposals) {
        if (proposal.kind === 'add')
            adds.push(proposal.keyPackage);
        else if (proposal.kind === 'remove')
            removes.push(proposal.leafIndex);
        else
            return refuse('commit-proposal');
    }
    // RFC 9420 §12.4: without fresh secrets, a removed member could follow into the next epoch.
    const needsPath = removes.length > 0 || adds.length === 0;
    return needsPath && pathLeaf === undefined ? refuse('commit-path') : ok({ adds, removes });
}
/** A new leaf takes the leftmost blank place, or else extends the tree (RFC 9420 §7.7, §12.1.1). */
function addFromTheLeft(leaves, adds) {
    let index = 0;
    for (const { leaf } of adds) {
        while (leaves.has(index))
            index++;
        leaves.set(index, leaf);
    }
}
function compareActors(adds, removed) {
    const added = adds.map(({ actor }) => actor);
    const [namesAdded, namesRemoved] = [added, removed].map((actors) => new Set(actors.map(toBase64)));
    return {
        added: added.filter((actor) => !namesRemoved?.has(toBase64(actor))),
        removed: removed.filter((actor) => !namesAdded?.has(toBase64(actor))),
        replaced: added.filter((actor) => namesRemoved?.has(toBase64(actor))),
    };
}
