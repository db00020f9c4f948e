/** A group followed without its secrets (RFC 9750 §5, RFC 9420 §12): what a Delivery Service can know for certain. */
export { addProposal, type AddedProposal } from './add-proposal.ts';
export { applyCommit, type AddedMember, type FollowedCommit, type FollowRefusal } from './apply-commit.ts';
export { checkCapabilities } from './check-members.ts';
export { bootstrapGroup, type BootstrappedGroup } from './bootstrap.ts';
export { checkNextGroupInfo, checkWelcome, checkWelcomeRefs } from './check-bundle.ts';
export { foundGroup, type FoundedGroup } from './found-group.ts';
export { encodePublicTree } from './encode-tree.ts';
export type { GroupSuccessor, KnownProposal, Lifetime, ProposedChange } from './known-proposal.ts';
export { memberRules, unboundMembers, type MemberRules } from './member-rules.ts';
export type { PublicGroup } from './public-group.ts';
export { leafAt, leavesOf, treeHashOf, type PublicTree } from './public-tree.ts';
export { restoreGroup } from './restore-group.ts';
export type { PublicLeaf } from './tree-node.ts';
