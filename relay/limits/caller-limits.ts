import { mapKey } from '../../core/index.ts';
import type { RelayRefusal } from '../answer.ts';
import type { Limits } from './limit-table.ts';
import { Meter } from './meter.ts';
import { rateLimited } from './rate-limited.ts';

/** What one object answers each actor who signs requests. */
export class CallerLimits {
  readonly #requests: Meter;
  readonly #tickets: Meter;

  constructor(limits: Limits) {
    this.#requests = new Meter(limits['actor-requests']);
    this.#tickets = new Meter(limits.tickets);
  }

  /** Before the nonce is stored: a request over the limit costs no write. */
  countRequest(actor: Uint8Array, now: number): RelayRefusal | undefined {
    const key = mapKey(actor);
    if (this.#requests.take(key, now) === 1) return undefined;
    return rateLimited('actor-requests', this.#requests.waitMs(key, now));
  }

  countTicket(actor: Uint8Array, now: number): RelayRefusal | undefined {
    const key = mapKey(actor);
    return this.#tickets.take(key, now) === 1 ? undefined : rateLimited('tickets', this.#tickets.waitMs(key, now));
  }
}
