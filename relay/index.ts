export type { Answer, Caller, RelayRefusal } from './answer.ts';
export { outcomesOf } from './answers.ts';
export { authoriseRead, mayInvite, readsHead, type ReadableRange } from './access.ts';
export type { Decision, Receipt } from './append.ts';
export { chainSigner, signCheckpoint, type CheckpointKey } from './checkpoint.ts';
export { claimTokenSeed, issueClaimToken, type ClaimTokenKey } from './claim-tokens.ts';
export { screenCommit, type CommitContext } from './commit.ts';
export { decideFlush, type Flush } from './flush.ts';
export {
  checkPool,
  countClaim,
  judgePublication,
  parseClaim,
  type ClaimCount,
  type PublishedKeyPackage,
} from './key-packages.ts';
export { completeRefusals, type Quotable } from './lost-race.ts';
export { checkAck, decideDelivery, MAIL_LIFETIME_MS, parseAck, type HeldMail, type MailDelivery } from './mailbox.ts';
export { judgeGenesis, type Founding } from './founding.ts';
export type { ChainHead, EpochChange, LoggedEvent, LogReader, NewEntry, NewPayload } from './ports.ts';
export { parseAppend, screenSubmissions, type Candidate, type CheckSignatures, type Screened } from './submission.ts';
export { isSnapshotDue, restoreHead, snapshotOf, type Snapshot, type StoredLog } from './restore.ts';
export { Audience, endOfReading, rosterOf } from './audience.ts';
export { addressKey } from './limits/address.ts';
export { AppendLimits } from './limits/append-limits.ts';
export { CallerLimits } from './limits/caller-limits.ts';
export {
  configureLimits,
  limitNames,
  limits,
  limitVariable,
  type ConfiguredLimits,
  type Limit,
  type LimitDefinition,
  type LimitName,
  type Limits,
  type Variables,
} from './limits/limit-table.ts';
export { rateLimited } from './limits/rate-limited.ts';
export { addMeasured, Measures, type Measured } from './metrics/measures.ts';
export { formatOpenMetrics, OPEN_METRICS_TYPE, type Gauge } from './metrics/open-metrics.ts';
