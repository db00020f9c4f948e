import {
  choice,
  decode,
  encode,
  HASH_BYTES,
  opaque,
  optional,
  struct,
  uint32,
  uint64,
  version,
  type Decoded,
} from '../../core/index.ts';

/** Why the thread of a group was lost. What takes no report is no fault of the committer. */
const lossCause = choice('LossCause', {
  'path-secret': 1,
  'path-keys': 2,
  'confirmation-tag': 3,
  'membership-tag': 4,
  other: 5,
  /** The bytes of the commit are gone: this device was away for longer than anything is kept. */
  missing: 6,
  /** It is of a later epoch than the keys: they are of an old copy of the storage. */
  future: 7,
});

/** The commit that this device could not follow: the evidence that a resync begins with (`RC4`). */
const lostKeys = struct('LostKeys', {
  /** Its entry, and what the log says it is. */
  index: uint64,
  commitHash: opaque(HASH_BYTES),
  cause: lossCause,
  /** This device's place in the epoch that the commit ended. */
  leafIndex: uint32,
  /** Whether the group was told, or can't be any more. */
  isReported: choice('IsReported', { no: 0, yes: 1 }),
});

/** Epochs that went by between a loss and the way back, the first and the last included. */
const missedEpochs = struct('MissedEpochs', { from: uint64, to: uint64 });

const recoveryCodec = struct('RecoveryRecord', {
  version: version(1),
  lost: optional(lostKeys),
  missed: optional(missedEpochs),
});

export type LostKeys = Decoded<typeof lostKeys>;
export type MissedEpochs = Decoded<typeof missedEpochs>;
export type LossCause = LostKeys['cause'];

/** What is known of a loss of keys, and of those that were made good. */
export interface RecoveryRecord {
  readonly lost: LostKeys | undefined;
  readonly missed: MissedEpochs | undefined;
}

export const NOTHING_LOST: RecoveryRecord = { lost: undefined, missed: undefined };

export function encodeRecovery(record: RecoveryRecord): Uint8Array {
  return encode(recoveryCodec, { version: 1, ...record });
}

/** Undefined for bytes that are none. */
export function parseRecovery(bytes: Uint8Array): RecoveryRecord | undefined {
  const record = decode(recoveryCodec, bytes);
  return record.ok ? record.value : undefined;
}

/** Both spans and what lies between them: whether a message of it can be read is found by trying. */
export function alsoMissed(earlier: MissedEpochs | undefined, { from, to }: MissedEpochs): MissedEpochs {
  return { from: Math.min(from, earlier?.from ?? from), to: Math.max(to, earlier?.to ?? to) };
}
