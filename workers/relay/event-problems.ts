import type { ProblemCode } from '../../core/index.ts';

/** What any event can be refused for, by its envelope and its place. */
export const OF_EVENTS: readonly ProblemCode[] = [
  'event-too-large',
  'wrong-chain',
  'bad-signature',
  'event-id-reused',
  'not-permitted',
  'actor-removed',
  'clock-skew',
  'stale-parent',
  'unknown-parent',
  'seen-too-old',
  'unknown-event-type',
  'not-found',
  'relay-clock-behind',
];

/** What an account refuses of its devices, and a group of the accounts that it names. */
export const OF_ACCOUNTS: readonly ProblemCode[] = [
  'invalid-device-name',
  'key-in-use',
  'too-many-devices',
  'device-list-full',
  'invalid-proof',
  'no-such-device',
  'last-device',
  'waiting-too-long',
  'recovery-pending',
  'no-such-recovery',
  'recovery-waiting',
  'account-named',
  'no-such-account',
  'foreign-account',
  'too-many-accounts',
  'account-too-large',
  'facts-invalid',
  'facts-old',
  'device-revoked',
];

/** What a group refuses for the sake of its policy. */
export const OF_POLICIES: readonly ProblemCode[] = [
  'foreign-registry',
  'registry-not-followed',
  'module-not-published',
  'module-revoked',
  'module-not-yet-valid',
  'module-expired',
  'unguardable-event-type',
  'policy-in-force',
  'no-policy',
  'policy-undecided',
  'policy-rejected',
  'policy-stopped',
  'policy-migration-failed',
];

/** What a registry refuses of its admins' statements. */
export const OF_STATEMENTS: readonly ProblemCode[] = [
  'wrong-registry',
  'wrong-admin-epoch',
  'root-expired',
  'signer-repeated',
  'signer-unknown',
  'signer-revoked',
  'threshold-not-met',
  'admin-signature-invalid',
  'registry-full',
];
