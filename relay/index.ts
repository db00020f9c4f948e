export type { Answer, Caller, RelayRefusal } from './answer.ts';
export { outcomesOf } from './answers.ts';
export {
  authoriseRead,
  invitationTerms,
  isMember,
  lastEpochOf,
  readsHead,
  shareGroup,
  type ReadableRange,
} from './access.ts';
export type { Decision, Receipt } from './append.ts';
export { chainSigner, signCheckpoint, type CheckpointKey } from './checkpoint.ts';
export { claimTokenSeed, issueClaimToken, type ClaimTokenKey } from './claim-tokens.ts';
export { screenCommit, type CommitContext } from './commit.ts';
export { decideFlush, FlushDraft, type Flush, type PolicyQuestion } from './flush.ts';
export {
  answerOfOne,
  explainShortage,
  parseClaim,
  parseClaims,
  type AdmittedClaim,
  type PoolRemains,
} from './key-package-claim.ts';
export { checkPool, judgePublication, MAX_SEEN_REFS, type PublishedKeyPackage } from './key-package-publication.ts';
export { completeRefusals, type Quotable } from './lost-race.ts';
export {
  checkAck,
  decideDelivery,
  decideGiving,
  GIVINGS_IN_COMPANY,
  MAIL_LIFETIME_MS,
  MAX_REMEMBERED,
  parseAck,
  type Givings,
  type HeldMail,
  type MailDelivery,
  type RoomTaken,
} from './mailbox.ts';
export {
  checkRegister,
  checkToken,
  checkTokenUse,
  hasRoom,
  MAX_TOKEN_LIFETIME_MS,
  NO_CHAIN,
  parseEnvelopePost,
  parseRevocation,
  type EnvelopeLoad,
  type TokenRegister,
} from './envelopes.ts';
export { findFollowed, followedChains, followsOthers, isStrangersNews, type FollowedChain } from './followed-chains.ts';
export { LEASE_MS, Leases, revokedBetween } from './leases.ts';
export {
  callsForRemovals,
  describeProposer,
  hasRevokedLeaves,
  removalOfRevoked,
  type RemovalParts,
} from './revoked-leaves.ts';
export { relayActorSeed, relayCandidate, type RelayActor, type RelayEvent } from './relay-actor.ts';
export { groupTermsOf, mlsStateOf } from './group-terms.ts';
export { judgeGenesis, type Founding } from './founding.ts';
export type { ChainHead, EpochChange, LoggedEvent, LogReader, NewEntry, NewPayload, NewProposal } from './ports.ts';
export { screenProposal, type ProposalContext } from './proposal.ts';
export { screenModulePost, type PublicationContext } from './publication.ts';
export { parseAppend, screenSubmissions, type Candidate, type CheckSignatures, type Screened } from './submission.ts';
export { restoreFollowed, type EpochInForce, type StoredHandshakes } from './replay-group.ts';
export {
  isSnapshotDue,
  newPolicyState,
  PolicyStateLost,
  recallPolicyState,
  restoreHead,
  snapshotOf,
  type KeptPolicyState,
  type Snapshot,
  type StoredLog,
} from './restore.ts';
export { Audience, endedBetween, endOfReading } from './audience.ts';
export { configureAdmission, type AdmissionRule, type ConfiguredAdmission } from './admission/admission-rule.ts';
export { judgeInvitation, redeemInvitation } from './admission/invitation.ts';
export { countFounding, type FoundingCount, type FoundingRequest } from './admission/quota.ts';
export { addressKey } from './limits/address.ts';
export { countClaim, type ClaimCount, type NewClaimCounts } from './limits/claim-counts.ts';
export { AppendLimits } from './limits/append-limits.ts';
export { UploadLimits } from './limits/upload-limits.ts';
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
export { configureShardNode, type ShardNodeConfiguration } from './shard-node/configuration.ts';
export { refusalOfFault } from './shard-node/refusal-of-fault.ts';
export { refuseForExpiry, refuseForRoom } from './shard-node/room.ts';
export {
  NODE_TIMEOUT_MS,
  type Buffers,
  type ByteRange,
  type KeptObject,
  type ListPage,
  type ListRequest,
  type NodeFault,
  type NodeOutage,
  type NodeRefusal,
  type NodeResult,
  type ObjectToKeep,
  type StorageNode,
} from './storage-node.ts';
export { ShareReaders, type ReaderChange } from './share-readers.ts';
export { rateLimited } from './limits/rate-limited.ts';
export { clusterGauges } from './metrics/cluster-gauges.ts';
export { addMeasured, Measures, type Measured } from './metrics/measures.ts';
export { formatOpenMetrics, OPEN_METRICS_TYPE, type Gauge } from './metrics/open-metrics.ts';
export { placementOfBlob } from './cluster/cluster-nodes.ts';
export { BlobWriter, type BlobToPut, type WrittenBlob, type WrittenRow } from './cluster/blob-writer.ts';
export type { ClusterNodes, ClusterUnavailable, Timer } from './cluster/cluster-nodes.ts';
export { readBlob, readBlobRange } from './cluster/read-blob.ts';
export { readRows, type BegunBlob } from './cluster/read-rows.ts';
export { ReadTimes } from './cluster/read-times.ts';
export { objectCount, removeBlob } from './cluster/remove-blob.ts';
export {
  BLOB_ID_BYTES,
  parseShardPartKey,
  shardPartKey,
  type BlobPlace,
  type ShardPartPlace,
} from './cluster/shard-key.ts';
export { partCount, rowCount, rowOffset } from './cluster/shard-parts.ts';
export { packShardSet, unpackShardSet } from './cluster/shard-set.ts';
export type { BlobRange, BlobReadOptions, BlobReadRefusal, StoredBlob } from './cluster/stored-blob.ts';
export {
  READING_RESERVE_BYTES,
  readingMemory,
  TRANSFER_MEMORY_BYTES,
  TransferMemory,
  uploadMemory,
} from './cluster/transfer-memory.ts';
export { writeBlob, type BlobToWrite } from './cluster/write-blob.ts';
export { nodeKeySeed } from './node-key.ts';
export {
  backlogOf,
  blobsToMove,
  NO_SUMS,
  shardsOn,
  sumsWith,
  totalsOf,
  type BlobReport,
  type ClusterSums,
} from './cluster/blob-report.ts';
export { moveBlob, type MovedBlob } from './cluster/move-blob.ts';
export { recutBlob } from './cluster/recut-blob.ts';
export {
  drainedNodes,
  placementFor,
  replaceNode,
  stateOf,
  type ClusterState,
  type PlaceableNode,
} from './cluster/node-changes.ts';
export {
  isLosing,
  isShared,
  lookAtNode,
  MARKER_BYTES,
  markerKey,
  type LookTime,
  type NodeLook,
  type NodeMarker,
} from './cluster/node-marker.ts';
export { configureRepairRate, RepairBudget } from './cluster/repair-budget.ts';
export { repairBytes, repairShards, type BlobToRepair, type Repair } from './cluster/repair-shards.ts';
export { goodShards, ROUND_PAUSE_MS, scrubShard, type ShardFinding } from './cluster/scrub-shard.ts';
export { configureRegistry, type ConfiguredRegistry } from './pinned-registry.ts';
export { configureOperators, type ConfiguredOperators } from './operators.ts';
export { mayReadAttachments, mayUpload, refuseUpload, type UploadRequest } from './upload.ts';
export {
  configureHotAge,
  HOT_AGE_MS,
  MAX_COLD_PAYLOAD_BYTES,
  MAX_WAITING_PAYLOADS,
  mayBeCold,
  planSegment,
  SHORTEST_COLD_RETENTION_MS,
  type HotPayload,
  type SegmentPlan,
} from './tiers/segment-plan.ts';
