import { equalBytes } from '../../bytes/index.ts';
import { struct } from '../../codec/index.ts';
import { defineEvent } from '../../event/index.ts';
import type { Rule } from '../rule.ts';
import { checkNewDevice, newDevice, type NewDevice } from './device-added.ts';
import { requireDevice, type IdentityState } from './identity-state.ts';

/** Asks for a new device by the recovery key. It waits, so that a device can object (`ID9`). */
export const recoveryStarted = defineEvent({
  type: 0x0105,
  name: 'identity.recovery-started',
  ordering: 'strict',
  body: struct('RecoveryStarted', newDevice),
});

export const recoveryStartedRule: Rule<IdentityState, NewDevice> = {
  definition: recoveryStarted,
  permit: (state, actor) =>
    state.recovery !== undefined && equalBytes(state.recovery.actor, actor)
      ? undefined
      : (requireDevice(state, actor) ?? { code: 'not-permitted' }),
  check: (state, position, body) => {
    const pending = state.recovery?.pending;
    return pending ? { code: 'recovery-pending', at: pending.since } : checkNewDevice(state, position, body);
  },
  apply: (state, { index, relayTime }, { device, name }) => ({
    ...state,
    recovery: state.recovery && {
      ...state.recovery,
      pending: { device: device.slice(), name, since: index, ripeAt: laterBy(state.recovery.waitingMs, relayTime) },
    },
  }),
};

/** A log may hold any time that its encoding can say (`ST1`); a recovery that begins at the end of time waits for ever. */
function laterBy(waitingMs: number, relayTime: number): number {
  return Math.min(relayTime + waitingMs, Number.MAX_SAFE_INTEGER);
}
