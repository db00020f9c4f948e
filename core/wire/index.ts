export { accountFollowing, type AccountFollowing } from './following.ts';
export {
  appendAnswer,
  appendRequest,
  commitBundle,
  entryPage,
  epochProposals,
  loggedEntry,
  stateAnswer,
  submission,
  type AppendAnswer,
  type AppendRequest,
  type CommitBundle,
  type EntryPage,
  type LoggedEntry,
  type Outcome,
  type StateAnswer,
  type Submission,
} from './append.ts';
export {
  claimedKeyPackage,
  claimOutcomes,
  claimToken,
  keyPackageClaim,
  keyPackageClaims,
  keyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxItem,
  mailboxPage,
  type ClaimedKeyPackage,
  type ClaimOutcome,
  type ClaimToken,
  type KeyPackageClaim,
  type KeyPackageClaims,
  type KeyPackagePublication,
  type KeyPackageStock,
  type SuiteStock,
  type MailboxItem,
  type MailboxPage,
} from './device.ts';
export {
  envelopePost,
  mailboxToken,
  mailboxTokenContent,
  tokenRevocation,
  tokenState,
  type EnvelopePost,
  type MailboxToken,
  type MailboxTokenTbs,
  type TokenRevocation,
  type TokenState,
} from './envelope.ts';
export {
  MAX_MODULE_POST_BYTES,
  moduleList,
  moduleSubmission,
  registryAnswer,
  type ModuleList,
  type ModuleSubmission,
  type RegistryAnswer,
} from './module.ts';
export { viewEntry } from './entry-view.ts';
export * from './limits.ts';
export {
  isProblemCode,
  MEDIA_TYPE,
  problemOf,
  problems,
  type Problem,
  type ProblemCode,
  type Refusal,
} from './problem.ts';
export {
  chainDownFrame,
  chainUpFrame,
  mailboxDownFrame,
  mailboxUpFrame,
  ticketAnswer,
  type ChainDownFrame,
  type ChainUpFrame,
  type MailboxDownFrame,
  type MailboxUpFrame,
  type TicketAnswer,
} from './stream.ts';
export {
  contentDigest,
  digestField,
  parseDigestField,
  REQUEST_NONCE_BYTES,
  REQUEST_SIGNATURE_LABEL,
  requestSignatureParameters,
  SIGNED_COMPONENTS,
} from './signed-request.ts';
export {
  EXPIRES_AT_HEADER,
  objectPage,
  parseObjectKey,
  SHARDS_PATH,
  type ListedObject,
  type ObjectKey,
  type ObjectPage,
} from './storage-node.ts';
export {
  foundingInvitation,
  foundingTerms,
  INVITATION_HEADER,
  INVITATION_ID_BYTES,
  invitationVerifyJob,
  parseInvitation,
  writeInvitation,
  type FoundingInvitation,
} from './founding-invitation.ts';
export {
  isRelayInfo,
  type AdmissionKind,
  type RelayInfo,
  type RelayPolicies,
  type RelayProposer,
} from './relay-info.ts';
export type { BlobTotals, ClusterStatus, NodeState, NodeStatus, SilentChain } from './cluster-status.ts';
