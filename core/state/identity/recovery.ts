import { opaque, optional, struct, uint64, type Decoded } from '../../codec/index.ts';
import { DAY_MS } from '../../duration.ts';
import { ACTOR_BYTES } from '../../event/index.ts';
import { deviceName } from './devices.ts';

/** Longest that a recovery may be made to wait (`ID9`). */
export const MAX_RECOVERY_WAIT_MS = 90 * DAY_MS;

const pendingCodec = struct('PendingRecovery', {
  /** The device that is to come in. */
  device: opaque(ACTOR_BYTES),
  name: deviceName,
  /** Index of the entry that began it. */
  since: uint64,
  /** Relay time from which it may be completed. */
  ripeAt: uint64,
});

/** A key that can bring the account a new device, and what of that is under way. */
export const recoveryCodec = optional(
  struct('Recovery', {
    actor: opaque(ACTOR_BYTES),
    waitingMs: uint64,
    /** Index of the entry that set it. */
    since: uint64,
    pending: optional(pendingCodec),
  }),
);

/** The recovery key of an account; undefined where none stands. */
export type Recovery = Decoded<typeof recoveryCodec>;
