/**
 * What anyone can tell of MLS without secrets (RFC 9420): parsers of untrusted messages, synchronous and without I/O, and
 * jobs for the signatures that make them genuine. An entry of its own, since it holds ts-mls.
 */
export { parseApplicationMessage } from './application-message.ts';
export { encodeAuthenticatedData, parseAuthenticatedData } from './authenticated-data.ts';
export { parseCommitMessage } from './commit.ts';
export { checkCommitBundle, checkFoundingGroupInfo } from './commit-bundle.ts';
export { bindingContent, bindingJob, encodeCredentialIdentity, parseCredentialIdentity, } from './credential.ts';
export { groupInfoSignatures, parseGroupInfo } from './group-info.ts';
export { handshakeSignature } from './handshake.ts';
export { isInForce, keyPackageSignatures, LAST_RESORT_EXTENSION, parseKeyPackage, } from './key-package.ts';
export * from './limits.ts';
export { parseProposalMessage } from './proposal-message.ts';
export { parseRatchetTree } from './ratchet-tree.ts';
export { applyCommitToLeaves } from './roster-delta.ts';
export { MLS_KEY_BYTES, MLS_SUITE, MLS_SUITE_NAME } from './suite.ts';
export { parseWelcome } from './welcome.ts';
