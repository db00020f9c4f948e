import type { RelayRefusal } from '../answer.ts';
import type { LimitName } from './limit-table.ts';

/** The refusal of what is over a limit (`LM1`). Names the limit, so that nobody waits for the wrong thing. */
export function rateLimited(limit: LimitName, retryAfterMs: number): RelayRefusal {
  return { code: 'rate-limited', limit, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) };
}
