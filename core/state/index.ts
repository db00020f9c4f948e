export {
  admittedAt,
  encodeState,
  parseState,
  readableUntil,
  stateDigest,
  viewState,
  type ChainState,
} from './chain-state.ts';
export {
  chainGenesis,
  MAX_RELAY_NAME_BYTES,
  MAX_RETENTION_MS,
  MIN_RETENTION_MS,
  type ChainKind,
  type Genesis,
  type HandshakeMode,
} from './genesis.ts';
export {
  guarantees,
  guaranteesOf,
  type Guarantee,
  type GuaranteeDefinition,
  type GuaranteeName,
} from './guarantees.ts';
export {
  findAccount,
  isRevokedDevice,
  accountsOf,
  MAX_ACCOUNTS,
  MAX_FOLLOWED_DEVICES,
  type Account,
  type Accounts,
} from './group/accounts/account.ts';
export { accountNamed } from './group/accounts/account-named.ts';
export { importedFacts, MAX_IMPORTED_ENTRIES, type FactsFault, type ImportedFacts } from './group/imports/facts.ts';
export { identitySynced } from './group/accounts/identity-synced.ts';
export { commitFault, type CommitFault, type CommitReport } from './group/commit-report.ts';
export { commitReported } from './group/commit-reported.ts';
export { checkGroupSize, type SizeRefusal } from './group/group-size.ts';
export { isOpaque, PAST_EPOCHS, type GroupState } from './group/group-state.ts';
export { memberAdded, memberRemoved, roleChanged } from './group/membership.ts';
export { groupMessage } from './group/message.ts';
export { CIPHERSUITES, mlsCommit, mlsCreated, type MlsCommit, type MlsCreated } from './group/mls.ts';
export { mlsProposal, type MlsProposal } from './group/mls-proposal.ts';
export { mlsReinitialised, type MlsReinitialised } from './group/mls-reinitialised.ts';
export { type BoundPolicy } from './group/policy/bound-policy.ts';
export { type FollowedRegistry } from './group/policy/followed-registry.ts';
export { GUARDABLE_TYPES } from './group/policy/guards.ts';
export { policyBound } from './group/policy/policy-bound.ts';
export { MAX_RECORD_BYTES, policyRecorded } from './group/policy/policy-recorded.ts';
export { registrySynced } from './group/policy/registry-synced.ts';
export { predecessorNamed } from './group/predecessor-named.ts';
export { MAX_ROSTER_REMOVALS, type RosterChange } from './group/roster-change.ts';
export {
  findMember,
  holdsRole,
  isLeaving,
  MAX_ROSTER,
  requireRole,
  roleOf,
  type GrantedRole,
  type Member,
  type Role,
  type Roster,
} from './group/roster.ts';
export { deviceAdded, type NewDevice } from './identity/device-added.ts';
export { deviceRenamed } from './identity/device-renamed.ts';
export { activeDevice, deviceRevoked, type RevocationReason } from './identity/device-revoked.ts';
export {
  activeDevices,
  findDevice,
  isActive,
  MAX_ACTIVE_DEVICES,
  MAX_DEVICE_NAME_BYTES,
  MAX_DEVICES,
  type AccountDevice,
  type Devices,
} from './identity/devices.ts';
export type { IdentityState } from './identity/identity-state.ts';
export { keyPossession, possessionContent, type KeyPossession, type KeyPurpose } from './identity/possession.ts';
export { recoveryCancelled } from './identity/recovery-cancelled.ts';
export { recoveryCompleted } from './identity/recovery-completed.ts';
export { recoverySet } from './identity/recovery-set.ts';
export { recoveryStarted } from './identity/recovery-started.ts';
export { MAX_RECOVERY_WAIT_MS, type Recovery } from './identity/recovery.ts';
export {
  adminRoot,
  checkAdminRoot,
  FIRST_ADMIN_EPOCH,
  MAX_ADMINS,
  type AdminRoot,
  type AdminRootRefusal,
} from './registry/admin-root.ts';
export { checkSigners, type AdminSignature, type SignedStatement } from './registry/admin-signatures.ts';
export {
  adminKeyId,
  encodeAdminStatement,
  logStatement,
  nameSigners,
  readAdminStatement,
  type AdminStatement,
  type LoggedStatement,
  type StatementRefusal,
} from './registry/admin-statement.ts';
export {
  ADMIN_ROTATION_TYPE,
  adminRotation,
  adminsRotated,
  type AdminRotation,
  type AdminsRotated,
} from './registry/admins-rotated.ts';
export { checkStatement, judgeStatement, statementSigners, type JudgedRefusal } from './registry/judge-statement.ts';
export { checkManifest, MODULE_ABI, moduleManifest, type ModuleManifest } from './registry/module-manifest.ts';
export {
  checkPublication,
  checkValidity,
  MODULE_MANIFEST_TYPE,
  modulePublished,
  type ModulePublished,
} from './registry/module-published.ts';
export {
  moduleRevoked,
  moduleRevocation,
  REVOCATION_TYPE,
  type ModuleRevocation,
  type ModuleRevoked,
} from './registry/module-revoked.ts';
export type { ManifestRefusal, RegistryRefusal, SignerRefusal } from './registry/refusal.ts';
export {
  currentRoot,
  findModule,
  isCarrier,
  MAX_MODULES,
  moduleRevokedAt,
  newestVersion,
  revokedKeysOf,
  type KnownRegistry,
  type PublishedModule,
  type RegistryState,
} from './registry/registry-state.ts';
export type { PayloadName, Place, PolicyConsent, PolicyRefusal, RuleRefusal } from './rule.ts';
export {
  eventDefinitions,
  foundChain,
  parseGenesis,
  policyCallFor,
  transition,
  viewBody,
  type Transition,
  type TransitionRefusal,
} from './transition.ts';
