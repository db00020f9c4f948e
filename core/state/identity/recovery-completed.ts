import { equalBytes } from '../../bytes/index.ts';
import type { Decoded } from '../../codec/index.ts';
import { defineEvent } from '../../event/index.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { checkRoom, putDevice } from './devices.ts';
import { requireDevice, type IdentityState } from './identity-state.ts';
import { completedBody, endPending, requirePending } from './recovery-cancelled.ts';

type Completion = Decoded<typeof completedBody>;

/** Lets the recovered device in, by itself, once the waiting period is over (`ID11`). */
export const recoveryCompleted = defineEvent({
  type: 0x0107,
  name: 'identity.recovery-completed',
  ordering: 'strict',
  body: completedBody,
});

export const recoveryCompletedRule: Rule<IdentityState, Completion> = {
  definition: recoveryCompleted,
  permit: (state, actor) =>
    isRecovering(state, actor) ? undefined : (requireDevice(state, actor) ?? { code: 'not-permitted' }),
  check: checkCompletion,
  apply: (state, { index }) => {
    const pending = state.recovery?.pending;
    if (pending === undefined) return state;
    const device = { actor: pending.device, name: pending.name, since: index, until: 0 };
    return endPending({ ...state, devices: putDevice(state.devices, device) });
  },
};

function isRecovering({ recovery }: IdentityState, actor: Uint8Array): boolean {
  return recovery?.pending !== undefined && equalBytes(recovery.pending.device, actor);
}

/** The log's own time decides, so an auditor comes to the same (`AU1`). */
function checkCompletion(
  state: IdentityState,
  { relayTime }: Position,
  { index }: Completion,
): RuleRefusal | undefined {
  const missing = requirePending(state, index);
  if (missing !== undefined) return missing;
  const ripeAt = state.recovery?.pending?.ripeAt ?? relayTime;
  return relayTime < ripeAt ? { code: 'recovery-waiting', until: ripeAt } : checkRoom(state.devices);
}
