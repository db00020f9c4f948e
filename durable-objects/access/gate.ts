import { randomFillSync } from 'node:crypto';
import {
  encode,
  err,
  ok,
  sha256,
  TICKET_BYTES,
  TICKET_LIFETIME_MS,
  ticketAnswer,
  type Result,
} from '../../core/index.ts';
import type { Answer, Caller, CallerLimits, RelayRefusal } from '../../relay/index.ts';
import { spendNonce } from './nonces.ts';
import type { AccessStore } from './store.ts';

/** Rows that one sweep drops of each kind. */
const SWEEP_ROWS = 500;

export interface AccessHost {
  readonly store: AccessStore;
  readonly clock: () => number;
  readonly limits: CallerLimits;
  /** Where its tickets are good: a share of a chain's readers, or 0. */
  readonly share?: number;
  readonly scheduleSweep: (dueAt: number) => void;
}

/** Single use for signed requests and tickets, in the object that answers them (`RQ5`, `SK1`). */
export class AccessGate {
  readonly #store: AccessStore;
  readonly #clock: () => number;
  readonly #limits: CallerLimits;
  readonly #share: number;
  readonly #scheduleSweep: (dueAt: number) => void;

  constructor({ store, clock, limits, share = 0, scheduleSweep }: AccessHost) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#share = share;
    this.#scheduleSweep = scheduleSweep;
  }

  /** Claims a signed request's nonce. A caller who did not sign has none and is nobody. */
  admit(caller: Caller | undefined): Result<Uint8Array | undefined, RelayRefusal> {
    if (caller === undefined) return ok(undefined);
    const refusal = this.#limits.countRequest(caller.actor, this.#clock());
    if (refusal !== undefined) return err(refusal);
    const keptUntil = spendNonce(this.#store.nonces, caller);
    if (keptUntil === undefined) return err({ code: 'nonce-replayed' });
    this.#scheduleSweep(keptUntil);
    return ok(caller.actor);
  }

  /** A ticket for the socket on this path; only its hash is stored. `origin` is empty for callers outside browsers. */
  issueTicket(actor: Uint8Array, origin: string): Answer {
    const refusal = this.#limits.countTicket(actor, this.#clock());
    if (refusal !== undefined) return err(refusal);
    const ticket = randomFillSync(new Uint8Array(TICKET_BYTES));
    const expiresAt = this.#clock() + TICKET_LIFETIME_MS;
    this.#store.issueTicket({ hash: sha256(ticket), actor, origin: origin === '' ? undefined : origin, expiresAt });
    this.#scheduleSweep(expiresAt);
    return ok(encode(ticketAnswer, { ticket, expiresAt, share: this.#share }));
  }

  /** Tickets that may still become sockets. */
  outstanding(): number {
    return this.#store.outstanding(this.#clock());
  }

  /** Uses a ticket up. Returns whose it was, if it fits the socket's origin. */
  redeem(ticket: Uint8Array, origin: string): Uint8Array | undefined {
    const redeemed = this.#store.redeemTicket(sha256(ticket), this.#clock());
    return redeemed !== undefined && (redeemed.origin ?? '') === origin ? redeemed.actor : undefined;
  }

  /** Job step: forgets what can't be used or replayed any more. */
  sweep(now: number): number | undefined {
    const dropped = this.#store.dropExpired(now, SWEEP_ROWS);
    return dropped >= SWEEP_ROWS ? now : this.#store.nextExpiry();
  }
}
