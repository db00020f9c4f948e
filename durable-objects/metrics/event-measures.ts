import type { Decision, RelayRefusal, Screened } from '../../relay/index.ts';
import { countRateLimited, measures } from './isolate-measures.ts';

/** Counts what became of submissions: one by one only what was refused, since what was accepted comes in thousands. */
export function measureOutcomes(screened: readonly Screened[], decisions: readonly Decision[]): void {
  let accepted = 0;
  let repeated = 0;
  for (const one of screened) {
    if (one.ok) continue;
    measureRefused(one.error);
    countRateLimited(one.error);
  }
  for (const decision of decisions) {
    if (decision.kind === 'accepted') accepted++;
    else if (decision.kind === 'repeated') repeated++;
    else measureRefused(decision.refusal);
  }
  if (accepted > 0) measures.count('events', 'accepted', accepted);
  if (repeated > 0) measures.count('events', 'repeated', repeated);
}

/** Counts one that was refused as a whole. */
export function measureRefused({ code }: RelayRefusal): void {
  measures.count('events', 'refused');
  measures.count('refusedEvents', code);
}
