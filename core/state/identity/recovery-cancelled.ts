import { equalBytes } from '../../bytes/index.ts';
import { struct, uint64, type Decoded } from '../../codec/index.ts';
import { defineEvent } from '../../event/index.ts';
import type { Rule, RuleRefusal } from '../rule.ts';
import { requireDevice, type IdentityState } from './identity-state.ts';

/** Which recovery is meant, by the entry that began it: one that was begun since is another. */
const namedRecovery = { index: uint64 };
const cancelledBody = struct('RecoveryCancelled', namedRecovery);
export const completedBody = struct('RecoveryCompleted', namedRecovery);

/** Ends a recovery before it is completed, by any device, or by the key that began it (`ID10`). */
export const recoveryCancelled = defineEvent({
  type: 0x0106,
  name: 'identity.recovery-cancelled',
  ordering: 'strict',
  body: cancelledBody,
});

export const recoveryCancelledRule: Rule<IdentityState, Decoded<typeof cancelledBody>> = {
  definition: recoveryCancelled,
  permit: (state, actor) =>
    state.recovery !== undefined && equalBytes(state.recovery.actor, actor) ? undefined : requireDevice(state, actor),
  check: (state, _position, { index }) => requirePending(state, index),
  apply: endPending,
};

export function requirePending({ recovery }: IdentityState, index: number): RuleRefusal | undefined {
  return recovery?.pending?.since === index ? undefined : { code: 'no-such-recovery' };
}

/** The recovery key stands for another time. */
export function endPending(state: IdentityState): IdentityState {
  return { ...state, recovery: state.recovery && { ...state.recovery, pending: undefined } };
}
