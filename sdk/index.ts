/**
 * The client: an identity, its groups and their messages, over a relay that is trusted with nothing but being there. Runs
 * wherever there is `fetch`, Web Crypto and WebSocket; `./sdk/node` has what only Node can do.
 */
export {
  defineEvent,
  type EventDefinition,
  type EventDescription,
  type GrantedRole,
  type Guarantee,
  type GuaranteeName,
  type ProblemCode,
  type RevocationReason,
} from '../core/index.ts';
export type { Account, DrawnRecovery, PairingRequest, ReachOptions, UntilReachedOptions } from './account/account.ts';
export type { MovedGroup, Replacement, ReplaceOptions } from './account/replace-device.ts';
export type { AccountReach, LaggingGroup } from './account/account-reach.ts';
export type { AccountView, DeviceView, PendingRecovery, RecoveryView } from './account/account-view.ts';
export type { JoinAccountOptions } from './account/join-account.ts';
export type { AccountRecovery, RecoverAccountOptions } from './account/recover-account.ts';
export type { ActorSigner } from './actor-signer.ts';
export type { Advice } from './advice.ts';
export { fingerprintOf } from './actor-name.ts';
export { attachmentOf, ATTACHMENT_CONTENT, type Attachment } from './attachment/attachment.ts';
export type {
  GetOptions,
  GroupBlobs,
  PutOptions,
  SentAttachment,
  TransferProgress,
} from './attachment/group-attachments.ts';
export type { AttachmentContent } from './attachment/sealed-source.ts';
export { MAX_ATTACHMENT_CONTENT_BYTES } from './attachment/segments.ts';
export {
  backUpIdentity,
  restoreIdentity,
  type BackupOptions,
  type RestoredIdentity,
} from './backup/identity-backup.ts';
export type { Delivery } from './chain/chain-writer.ts';
export { compilePolicy } from './compile-policy.ts';
export { LocalPolicyExecutor, type FetchModule } from './policy-executor.ts';
export { connect, type ConnectOptions } from './connect.ts';
export type { GroupOptions, SealOptions } from './device.ts';
export { MAX_SEALED_CONTENT_BYTES } from './envelope.ts';
export {
  ForkError,
  NetworkError,
  RelayChangedError,
  RelayProblem,
  RemovedError,
  StatementError,
  StorageError,
  TeraChatError,
  UntrustedError,
  UsageError,
  type ForkEvidence,
  type RelayIdentity,
  type StorageCode,
  type UntrustedCode,
  type UsageCode,
} from './errors.ts';
export type { GenesisOptions, MlsChoices } from './genesis.ts';
export type {
  ApplicationEvent,
  CallOptions,
  CommitOptions,
  CommitReportView,
  ConnectionListener,
  Group,
  GroupMember,
  GroupStatus,
  GroupView,
  InvitedActor,
  InviteDelivery,
  InviteOptions,
  PostOptions,
  ReadOptions,
  ReinitDelivery,
  ReinitOptions,
  SendOptions,
} from './group/group.ts';
export type { FollowedAccount, FollowedDevice } from './group/followed-account.ts';
export type { BindOptions, GroupPolicy, PolicyView } from './group/group-policy.ts';
export type { LostRace, LostRaceChoice, OnLostRace } from './group/lost-race.ts';
export type { GroupSummary } from './group/group-register.ts';
export { DEFAULT_ROTATE_AFTER_MS, MIN_ROTATE_AFTER_MS, type RotateAfter } from './group/rotation.ts';
export { MAX_OUTGOING_MESSAGES } from './group/outbox.ts';
export type { DeliveryState, OutgoingMessage } from './group/outgoing.ts';
export type { SealReason, UnreadReason } from './group/stored-item.ts';
export type {
  ApplicationItem,
  CommitReported,
  Founded,
  LeaveRequested,
  MembersChanged,
  Message,
  PolicyPutInForce,
  PolicyRecorded,
  PolicyRevoked,
  PolicyTakenOut,
  Reinitialised,
  Resynced,
  RoleChanged,
  SealedMessage,
  Succeeds,
  TimelineEvent,
  TimelineItem,
} from './group/timeline-item.ts';
export type { RequestOptions } from './http-client.ts';
export type { Identity } from './identity.ts';
export type { InboxView, Invitation, News, Overflow } from './inbox.ts';
export type { Envelope, SetAside } from './inbox-envelopes.ts';
export type { MailboxTokenOptions } from './mailbox-tokens.ts';
export { memoryStorage } from './memory-storage.ts';
export type { Fetch, PlatformOptions, WebSocketConstructor, WebSocketEvent, WebSocketLike } from './platform.ts';
export type { SuiteNumber } from './suites.ts';
export { drawAdminKey, openAdminKey, type DrawnAdminKey } from './registry/admin-key.ts';
export type { FoundingRoot } from './registry/found-registry.ts';
export type { Registry } from './registry/registry.ts';
export {
  viewRegistry,
  type AdminView,
  type ModuleView,
  type RegistryView,
  type RootView,
} from './registry/registry-view.ts';
export { signStatement } from './registry/sign-statement.ts';
export type { RegistryOptions, Relay, Session } from './session.ts';
export { sealedStorage, type SealedStorageOptions, type StorageSecret } from './sealed-storage.ts';
export { MAX_STORAGE_KEY_LENGTH, type Storage, type StorageWrite } from './storage.ts';
export { operatorOf, type Operator } from './operator.ts';
