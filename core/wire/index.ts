export {
  appendAnswer,
  appendRequest,
  commitBundle,
  entryPage,
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
  claimToken,
  keyPackageClaim,
  keyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxItem,
  mailboxPage,
  type ClaimedKeyPackage,
  type ClaimToken,
  type KeyPackageClaim,
  type KeyPackagePublication,
  type KeyPackageStock,
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
export { contentDigest, REQUEST_NONCE_BYTES, REQUEST_SIGNATURE_LABEL, SIGNED_COMPONENTS } from './signed-request.ts';
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
export type { AdmissionKind, RelayInfo } from './relay-info.ts';
