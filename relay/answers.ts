import { problemOf, type Outcome } from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { Decision } from './append.ts';
import type { Screened } from './submission.ts';

/** The outcome of a submission as it crosses the wire. */
function outcomeOf(decision: Decision): Outcome {
  if (decision.kind === 'refused') return refusedOutcome(decision.refusal);
  return { kind: 'accepted', value: decision.receipt };
}

/** A refusal among outcomes carries the same problem document as a refused request does (`WI6`). */
function refusedOutcome(refusal: RelayRefusal): Outcome {
  return { kind: 'refused', value: { problem: JSON.stringify(problemOf(refusal)) } };
}

/**
 * The outcomes of a batch in its order: what was refused before the queue keeps its place among what was decided.
 */
export function outcomesOf(screened: readonly Screened[], decisions: readonly Decision[]): readonly Outcome[] {
  let next = 0;
  return screened.map((one) => (one.ok ? outcomeOf(decisions[next++] as Decision) : refusedOutcome(one.error)));
}
