import { equalBytes } from '../bytes/index.ts';
import { DAY_MS, MINUTE_MS } from '../duration.ts';
import type { Event } from '../event/index.ts';
import type { PolicyVerdict } from '../policy/policy-executor.ts';
import { err, ok, type Result } from '../result.ts';
import {
  admittedAt,
  foundChain,
  parseGenesis,
  transition,
  type ChainState,
  type Transition,
  type TransitionRefusal,
} from '../state/index.ts';
import { consentOf } from './policy-consent.ts';

/** How far an actor's clock may be from the relay's (`AP6`). */
export const MAX_CLOCK_SKEW_MS = 5 * MINUTE_MS;
/** How long an actor may go without looking before its observed events are refused (`AP8`). */
export const MAX_SEEN_AGE_MS = DAY_MS;

/** Why an event may not follow: its body, its actor, its clock, its parent, or a rule of its type. */
export type AdmissionRefusal =
  | TransitionRefusal
  | { readonly code: 'wrong-chain' }
  | { readonly code: 'clock-skew'; readonly relayTime: number }
  | { readonly code: 'stale-parent'; readonly head: number }
  | { readonly code: 'unknown-parent'; readonly head: number }
  | { readonly code: 'seen-too-old'; readonly head: number };

/** One entry as the rules see it. */
export interface LoggedLeaf {
  readonly hash: Uint8Array;
  readonly relayTime: number;
}

/** What is known of a chain just before an event. `leafAt` answers for every index below `size`. */
export interface ChainView {
  readonly state: ChainState;
  readonly size: number;
  /** Undefined from `size` on. */
  leafAt(index: number): LoggedLeaf | undefined;
}

/** An admitted event: the state after it, and what it needs stored beside it. */
export interface Admission {
  readonly state: ChainState;
  readonly payload: Transition['payload'];
}

/** What else is known of an event that asks to be taken. */
export interface AdmissionTerms {
  /** The relay's clock. Only at admission: an auditor can't know what it said. */
  readonly clock?: number | undefined;
  /** What the chain's policy said, where it has to be asked. */
  readonly verdict?: PolicyVerdict | undefined;
}

/**
 * Whether an event may be entry `view.size` at `relayTime`: body, permission, clock, parent, type rules and policy, in the fixed
 * order of `AP9`. Size, encoding, chain, signature and event id come before; the caller has checked them. Where the policy has a
 * say, and no verdict on this very call is given, the refusal is `policy-undecided`: nothing else is against it, and `policyCallFor` says what to ask.
 */
export function admitEvent(
  view: ChainView,
  event: Event,
  relayTime: number,
  { clock, verdict }: AdmissionTerms = {},
): Result<Admission, AdmissionRefusal> {
  const change = transition(view.state, event);
  if (!change.ok) return change;
  const place = { index: view.size, relayTime };
  const refusal =
    change.value.permit() ??
    (clock === undefined ? undefined : checkClock(event, clock)) ??
    checkParent(view, event, change.value, relayTime) ??
    change.value.check(place);
  if (refusal !== undefined) return err(refusal);
  const call = change.value.policyCall(place);
  const consent = call && consentOf(call, verdict);
  if (consent?.ok === false) return consent;
  return ok({ state: change.value.apply(place, consent?.value), payload: change.value.payload });
}

/** The same for entry 0, which has no parent and brings its own state (`CH1`). */
export function admitGenesis(event: Event, clock?: number): Result<ChainState, AdmissionRefusal> {
  if (event.chain.length !== 0) return err({ code: 'wrong-chain' });
  const genesis = parseGenesis(event);
  if (!genesis.ok) return genesis;
  const refusal = (clock === undefined ? undefined : checkClock(event, clock)) ?? checkRoot(event);
  return refusal === undefined ? foundChain(event) : err(refusal);
}

function checkRoot({ seenIndex, seenHash }: Event): AdmissionRefusal | undefined {
  const isRoot = seenIndex === 0 && seenHash.every((byte) => byte === 0);
  return isRoot ? undefined : { code: 'unknown-parent', head: 0 };
}

function checkClock({ actorTime }: Event, clock: number): AdmissionRefusal | undefined {
  return Math.abs(actorTime - clock) > MAX_CLOCK_SKEW_MS ? { code: 'clock-skew', relayTime: clock } : undefined;
}

/**
 * The signature vouches for the history that the actor names (`AP7`, `AP8`): a relay that rewrote it would contradict its
 * members. Strict events also refuse to follow a strict event that their actor had not seen.
 */
function checkParent(
  view: ChainView,
  event: Event,
  change: Transition,
  relayTime: number,
): AdmissionRefusal | undefined {
  const head = view.size - 1;
  const seen = event.seenIndex < view.size ? view.leafAt(event.seenIndex) : undefined;
  if (seen === undefined || !equalBytes(seen.hash, event.seenHash)) return { code: 'unknown-parent', head };
  if (change.ordering === 'strict') {
    return change.staleBefore > event.seenIndex ? { code: 'stale-parent', head } : undefined;
  }
  if (event.seenIndex === head) return undefined;
  // Observed events may lag, but not to before their actor could read the chain.
  if (event.seenIndex < (admittedAt(view.state, event.actor) ?? 0)) return { code: 'seen-too-old', head };
  // The first entry that the actor had not seen tells how old its view is; a quiet chain never makes it stale.
  const firstUnseen = view.leafAt(event.seenIndex + 1);
  const isFresh = firstUnseen !== undefined && relayTime - firstUnseen.relayTime <= MAX_SEEN_AGE_MS;
  return isFresh ? undefined : { code: 'seen-too-old', head };
}
