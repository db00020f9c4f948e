/**
 * A member's side of MLS (RFC 9420): state in, new state out, no I/O, no storage and no clock. What to send, when, and
 * what of the answers to believe is for the session that uses it.
 */
export {
  decrypt,
  encrypt,
  MAX_PLAINTEXT_BYTES,
  type DecryptedMessage,
  type EncryptedMessage,
} from './application-message.ts';
export { commit, type CommitRequest, type MadeCommit } from './commit.ts';
export { createGroup, makeGroupInfo, type FoundedGroup, type GroupFounding } from './create-group.ts';
export { exportSecret, keyPackageTimeOf, membersOf, treeHashOf } from './epoch-view.ts';
export type { GroupMember, GroupState } from './group-state.ts';
export { MAX_STATE_BYTES, parseState, serialiseState } from './state-record.ts';
export {
  createMlsIdentity,
  parseMlsIdentity,
  serialiseMlsIdentity,
  type ActorSigner,
  type MlsIdentity,
} from './identity.ts';
export { hpkeOpen, hpkeSeal, type HpkeSealed } from './hpke.ts';
export { inviterOf, joinGroup, type JoinedGroup } from './join-group.ts';
export { newKeyPackage, type KeyPackageRequest, type NewKeyPackage } from './key-package.ts';
export {
  acceptOwnCommit,
  isOwnCommit,
  parsePendingCommit,
  serialisePendingCommit,
  type PendingCommit,
} from './pending-commit.ts';
export type { PreSharedKey } from './pre-shared-keys.ts';
export { processCommit, type CommitRefusal, type ProcessedCommit } from './process-commit.ts';
export { processProposal, proposeLeave, type MadeProposal, type ProcessedProposal } from './proposal.ts';
export { acceptResync, resync, type ResyncRequest } from './resync.ts';
export type { EngineRefusal, MlsEngineCode } from './refusal.ts';
