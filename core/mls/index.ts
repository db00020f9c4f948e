/**
 * What anyone can tell of MLS without secrets (RFC 9420): parsers of untrusted messages, synchronous and without I/O, and
 * jobs for the signatures that make them genuine. An entry of its own, since it holds ts-mls.
 */
export { encodeAuthenticatedData, parseAuthenticatedData, type AuthenticatedData } from './authenticated-data.ts';
export {
  parseCommitMessage,
  readCommitContent,
  type MlsCommit,
  type MlsCommitContent,
  type MlsCommitProposal,
} from './commit.ts';
export {
  bindingContent,
  bindingJob,
  encodeCredentialIdentity,
  parseCredentialIdentity,
  type CredentialIdentity,
} from './credential.ts';
export {
  externalSenderAt,
  externalSenderExtension,
  externalSenderIndex,
  proposeRemoval,
  type ExternalRemoval,
  type ExternalSender,
} from './external-sender.ts';
export { groupInfoSignatures, parseGroupInfo, ratchetTreeOf, type MlsGroupInfo } from './group-info.ts';
export { handshakeSignature, type MlsHandshake, type MlsSender } from './handshake.ts';
export { isInForce, keyPackageSignatures, LAST_RESORT_EXTENSION, type MlsKeyPackage } from './key-package.ts';
export type { MlsLeaf, MlsTreeLeaf } from './leaf.ts';
export * from './limits.ts';
export { parseKeyPackage } from './parse-key-package.ts';
export {
  parseApplicationMessage,
  parseOpaqueCommit,
  parseOpaqueProposal,
  type MlsPrivateMessage,
} from './private-message.ts';
export type { MlsProposal } from './proposal.ts';
export { parseProposalMessage, type MlsProposalMessage } from './proposal-message.ts';
export * from './public-group/index.ts';
export { readProposal } from './read-proposal.ts';
export { parseRatchetTree, type MlsTree } from './ratchet-tree.ts';
export type { MlsCommitCode, MlsGroupInfoCode, MlsLeafCode, MlsMessageCode, MlsRefusal } from './refusal.ts';
export {
  applyCommitToLeaves,
  compareActors,
  type AppliedCommit,
  type EpochLeaves,
  type ProposedInEpoch,
  type RosterDelta,
} from './roster-delta.ts';
export {
  DEFAULT_SUITE,
  DEFAULT_TERMS,
  findSuite,
  findSuiteByName,
  mlsSuites,
  XWING_SUITE,
  type CredentialMode,
  type GroupTerms,
  type MlsSuite,
  type PublicSuite,
} from './suite.ts';
export { parseWelcome, type MlsWelcome } from './welcome.ts';
