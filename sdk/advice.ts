import { HOUR_MS, MINUTE_MS, type ProblemCode } from '../core/index.ts';

/** What to do about an error. The hint beside it says the same to people, with what and whom it needs. */
export type Advice =
  /** The same call may succeed now. */
  | { readonly kind: 'retry' }
  /** The same call may succeed after so many ms. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Somebody has to do something first: this person, an admin, or whoever runs the relay. */
  | { readonly kind: 'ask' }
  /** The same call can't succeed. */
  | { readonly kind: 'give-up' };

export const RETRY: Advice = { kind: 'retry' };
export const ASK: Advice = { kind: 'ask' };
export const GIVE_UP: Advice = { kind: 'give-up' };

export function waitFor(ms: number): Advice {
  return { kind: 'wait', ms };
}

/** Where a relay doesn't say itself how long. */
const SHORTLY = waitFor(1_000);
const IN_A_MINUTE = waitFor(MINUTE_MS);

/** A refusal that is not listed says that the request itself is wrong. */
const PROBLEM_ADVICE: Readonly<Partial<Record<ProblemCode, Advice>>> = {
  'already-created': RETRY,
  'upload-offset': RETRY,
  'claim-token-expired': RETRY,
  'commit-lost': RETRY,
  'digest-mismatch': RETRY,
  'epoch-closed': RETRY,
  'future-epoch': RETRY,
  'nonce-replayed': RETRY,
  'seen-too-old': RETRY,
  'stale-parent': RETRY,
  'ticket-invalid': RETRY,
  'unknown-parent': RETRY,
  'wrong-epoch': RETRY,
  internal: SHORTLY,
  'group-info-lost': IN_A_MINUTE,
  'mailbox-full': IN_A_MINUTE,
  'payload-unavailable': IN_A_MINUTE,
  'rate-limited': IN_A_MINUTE,
  'relay-clock-behind': IN_A_MINUTE,
  'relay-not-configured': IN_A_MINUTE,
  'too-many-subscribers': IN_A_MINUTE,
  'too-many-transfers': SHORTLY,
  unavailable: SHORTLY,
  'actor-removed': ASK,
  'attachment-inconsistent': ASK,
  'attachments-full': ASK,
  'no-cluster': ASK,
  'too-many-uploads': ASK,
  'clock-skew': ASK,
  'key-packages-exhausted': ASK,
  'last-owner': ASK,
  'not-permitted': ASK,
  'signature-expired': ASK,
  'token-expired': ASK,
  'token-register-full': ASK,
  'token-revoked': ASK,
  'token-spent': ASK,
};

/** `retryAfterMs` of a problem is the relay's own word, decimal like every number there (`PR3`). */
export function adviceOnProblem(code: ProblemCode, { retryAfterMs }: Readonly<Record<string, unknown>>): Advice {
  const advice = PROBLEM_ADVICE[code] ?? GIVE_UP;
  const ms = typeof retryAfterMs === 'string' ? Number(retryAfterMs) : Number.NaN;
  return advice.kind === 'wait' && ms >= 0 && ms <= LONGEST_WAIT_MS ? waitFor(ms) : advice;
}

/** Nobody is sent away for longer by one answer, which nobody signed. */
const LONGEST_WAIT_MS = HOUR_MS;
