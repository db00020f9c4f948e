import { opaqueVector, struct, type Decoded } from '../../../codec/index.ts';
import { defineEvent } from '../../../event/index.ts';
import type { Rule } from '../../rule.ts';
import { requireCreated, type GroupState } from '../group-state.ts';
import { requireRole } from '../roster.ts';
import { callAbout, checkInForce } from './bound-policy.ts';

/** What a record holds: with its envelope it fits an event (`AP1`). */
export const MAX_RECORD_BYTES = 65_000;

const recordBody = struct('PolicyContent', {
  /** For the policy in force to read. */
  content: opaqueVector(MAX_RECORD_BYTES),
});

type PolicyContent = Decoded<typeof recordBody>;

/** Something for the policy in force to decide, which keeps what follows in its state (`PB6`). */
export const policyRecorded = defineEvent({
  type: 0x0402,
  name: 'policy.record',
  ordering: 'observed',
  body: recordBody,
});

export const policyRecordedRule: Rule<GroupState, PolicyContent> = {
  definition: policyRecorded,
  permit: ({ roster }, actor) => requireRole(roster, actor, 'member'),
  check: (state, { relayTime }) =>
    requireCreated(state) ??
    (state.policy === undefined ? { code: 'no-policy' } : undefined) ??
    checkInForce(state, relayTime),
  policyCall: (state, { actor, relayTime }, { content }) =>
    callAbout(state, { actor, type: policyRecorded.type, body: content }, { relayTime, isGuarded: false }),
  apply: (state, _position, _body, outcome) =>
    state.policy === undefined || outcome === undefined
      ? state
      : { ...state, policy: { ...state.policy, state: outcome.state } },
};
