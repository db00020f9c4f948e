import type { Event } from '../event/index.ts';
import {
  MAX_BATCH_EVENTS,
  type ChainPolicyCall,
  type PolicyExecutor,
  type PolicyVerdict,
} from '../policy/policy-executor.ts';
import type { PolicyOutcome } from '../policy/run-policy.ts';
import { policyCallFor, transition, type ChainState } from '../state/index.ts';

/** An event with the relay time of the entry that it is, or is to be. */
export interface TimedEvent {
  readonly event: Event;
  readonly relayTime: number;
}

type ApplyCall = Extract<ChainPolicyCall, { readonly kind: 'apply' }>;

/**
 * Has the policy decide over the events that come next on this state: as many as can go in one call, at least the first, which has to
 * need a verdict. One verdict an event, in order. Nothing else of the events is judged: whoever asks makes sure that each would be
 * admitted if the policy lets it, since a later verdict counts on those before it. Rejects where the executor does.
 */
export async function decideRun(
  state: ChainState,
  events: readonly TimedEvent[],
  executor: PolicyExecutor,
): Promise<readonly PolicyVerdict[]> {
  const [first] = events;
  const call = first && policyCallFor(state, first.event, first.relayTime);
  if (call === undefined) throw new Error('the policy has no say in this event');
  if (call.kind === 'migrate') return [{ call, outcome: await executor.migrate(call.module, call) }];
  const calls = runOf(state, call, events);
  const batch = { ...call, events: calls.map(({ event }) => event), isReadOnly: call.isGuarded };
  const outcomes = await executor.decide(call.module, batch);
  if (outcomes.length !== calls.length) throw new Error('an executor gives one outcome a record');
  return chainVerdicts(calls, outcomes);
}

/** Up to where an event is not for the policy in the same way, or changes what the next one is judged by. */
function runOf(state: ChainState, first: ApplyCall, events: readonly TimedEvent[]): readonly ApplyCall[] {
  const calls = [first];
  for (const [i, { event, relayTime }] of events.slice(1, MAX_BATCH_EVENTS).entries()) {
    if (!leavesRules(state, events[i]?.event)) break;
    const call = policyCallFor(state, event, relayTime);
    if (call?.kind !== 'apply' || call.isGuarded !== first.isGuarded || call.fuel !== first.fuel) break;
    calls.push(call);
  }
  return calls;
}

/** An observed event changes nothing but, as a record, the state of the policy. */
function leavesRules(state: ChainState, event: Event | undefined): boolean {
  const change = event && transition(state, event);
  return change?.ok === true && change.value.ordering === 'observed';
}

/** Each record found the state that the one before it left. */
function chainVerdicts(calls: readonly ApplyCall[], outcomes: readonly PolicyOutcome[]): readonly PolicyVerdict[] {
  let left = (calls[0] as ApplyCall).state;
  return calls.map((call, i) => {
    const outcome = outcomes[i] as PolicyOutcome;
    const verdict = { call: { ...call, state: left }, outcome };
    if (outcome.kind === 'accepted' && !call.isGuarded) left = outcome.state;
    return verdict;
  });
}
