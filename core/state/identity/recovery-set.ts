import { opaque, optional, struct, uint64, type Decoded } from '../../codec/index.ts';
import { ACTOR_BYTES, defineEvent, SIGNATURE_BYTES } from '../../event/index.ts';
import type { Rule } from '../rule.ts';
import { requireDevice, requireNewKey, type IdentityState } from './identity-state.ts';
import { checkPossession } from './possession.ts';
import { MAX_RECOVERY_WAIT_MS } from './recovery.ts';

const recoverySetBody = struct('RecoverySet', {
  /** Absent: none stands from here on. */
  recovery: optional(
    struct('RecoveryTerms', {
      key: opaque(ACTOR_BYTES),
      waitingMs: uint64,
      proof: opaque(SIGNATURE_BYTES),
    }),
  ),
});

/** Sets the key that can bring the account a new device, in the place of one before, or none (`ID8`). */
export const recoverySet = defineEvent({
  type: 0x0104,
  name: 'identity.recovery-set',
  ordering: 'strict',
  body: recoverySetBody,
});

export const recoverySetRule: Rule<IdentityState, Decoded<typeof recoverySetBody>> = {
  definition: recoverySet,
  permit: requireDevice,
  check: (state, position, { recovery }) => {
    if (recovery === undefined) return undefined;
    if (recovery.waitingMs > MAX_RECOVERY_WAIT_MS) return { code: 'waiting-too-long', maxMs: MAX_RECOVERY_WAIT_MS };
    return requireNewKey(state, recovery.key) ?? checkPossession('recovery', position, recovery);
  },
  // What was under way by the earlier key ends with it: a device has spoken.
  apply: (state, { index }, { recovery }) => ({
    ...state,
    recovery: recovery && {
      actor: recovery.key.slice(),
      waitingMs: recovery.waitingMs,
      since: index,
      pending: undefined,
    },
  }),
};
