import {
  admitEvent,
  commitBundle,
  decode,
  err,
  MAX_BUNDLE_BYTES,
  mlsCommit,
  mlsCreated,
  mlsReinitialised,
  ok,
  type CommitBundle,
  type MlsCommit,
  type Result,
  type VerifiedEvent,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import { eventKeyOf } from './append.ts';
import { checkClaimTokens } from './claim-tokens.ts';
import { mlsChoicesOf } from './group-terms.ts';
import type { AppendLimits } from './limits/append-limits.ts';
import { completeRefusal, type Quotable } from './lost-race.ts';
import { judgeOpaqueCommit, judgeOpaqueCreation } from './opaque.ts';
import type { EpochChange, LogReader } from './ports.ts';
import { judgePublicCommit, judgePublicCreation, type NamedChange, type PublicContext } from './public-commit.ts';
import { keepsRevoked } from './revoked-leaves.ts';
import { checkSize, screenEvent, type Candidate } from './submission.ts';

/** What a bundle is judged against. */
export interface CommitContext extends PublicContext {
  readonly log: LogReader;
  /** The public half of the relay's claim token key, 32 bytes. */
  readonly claimTokenKey: Uint8Array;
  readonly quotes: Quotable;
  /** Whether this actor may send another event, and have a bundle judged, and what becomes of one that was in vain (`LM4`). */
  readonly limits: Pick<AppendLimits, 'meterOne' | 'checkCommitter' | 'countInvalidCommit'>;
}

type Screening<T> = Result<T, RelayRefusal>;

/**
 * Judges a bundle whole before it is queued (`MB1`, `MB2`): the event as any other, then that commit, Welcome and GroupInfo
 * are what the event says and follow the group's epoch. The answer holds as long as the epoch does, and the flush checks
 * that again. A retry is passed on, to get its first receipt.
 */
export function screenCommit(body: Uint8Array, context: CommitContext): Screening<Candidate> {
  const refusal = checkSize(body, MAX_BUNDLE_BYTES);
  if (refusal !== undefined) return err(refusal);
  const bundle = decode(commitBundle, body);
  if (!bundle.ok) return err({ ...bundle.error });
  const { event, signature } = bundle.value;
  const signedEvent = screenEvent(event, signature, context.head.chain, context.check);
  const screened = context.limits.meterOne(signedEvent, context.clock);
  if (!screened.ok) return screened;
  const { signed } = screened.value;
  const isRetry = context.log.findEvents([eventKeyOf(signed)]).length > 0;
  if (isRetry) return ok({ signed, payload: bundle.value.commit });
  const admission = admitNow(signed, context);
  if (admission !== undefined) return err(completeRefusal(admission, signed, context.head, context.quotes));
  const { actor } = signed.event;
  const wait = context.limits.checkCommitter(actor, context.clock);
  if (wait !== undefined) return err(wait);
  const change = judgeBundle(bundle.value, signed, context);
  if (!change.ok) {
    context.limits.countInvalidCommit(actor, context.clock);
    return change;
  }
  const payload = bundle.value.commit.length === 0 ? undefined : bundle.value.commit;
  return ok({ signed, payload, epochChange: change.value });
}

/** Permission comes before the handshake is looked at, so that strangers can't have trees parsed (`AP5`–`AP9`). */
function admitNow({ event }: VerifiedEvent, { head, log, clock }: CommitContext): RelayRefusal | undefined {
  const view = { state: head.state, size: head.size, leafAt: (index: number) => log.leafAt(index) };
  const admission = admitEvent(view, event, Math.max(clock, head.relayTime), { clock });
  // What the group's policy says of it, the flush asks once the bundle has passed.
  return admission.ok || admission.error.code === 'policy-undecided' ? undefined : { ...admission.error };
}

function judgeBundle(bundle: CommitBundle, signed: VerifiedEvent, context: CommitContext): Screening<EpochChange> {
  const isHidden = mlsChoicesOf(context.head.state)?.handshakes === 'opaque';
  switch (signed.event.type) {
    case mlsCreated.type: {
      const body = mlsCreated.decodeBody(signed.event.body);
      if (!body.ok) return err({ ...body.error });
      return isHidden
        ? judgeOpaqueCreation(bundle, body.value)
        : judgePublicCreation(bundle, body.value, signed, context);
    }
    case mlsCommit.type: {
      const body = mlsCommit.decodeBody(signed.event.body);
      return body.ok ? judgeChange(bundle, { said: body.value }, signed, context) : err({ ...body.error });
    }
    case mlsReinitialised.type: {
      const body = mlsReinitialised.decodeBody(signed.event.body);
      if (!body.ok) return err({ ...body.error });
      const { successor: chain, ciphersuite, ...rest } = body.value;
      return judgeChange(bundle, { said: { ...rest, ...NOBODY }, successor: { chain, ciphersuite } }, signed, context);
    }
    default:
      return err({ code: 'unknown-event-type', eventType: signed.event.type });
  }
}

/** Alone in its commit, a ReInit changes nobody (RFC 9420 §12.2). */
const NOBODY = { welcomeRefs: [], roster: { added: [], removed: [] } };

function judgeChange(
  bundle: CommitBundle,
  change: NamedChange,
  signed: VerifiedEvent,
  context: CommitContext,
): Screening<EpochChange> {
  const isHidden = mlsChoicesOf(context.head.state)?.handshakes === 'opaque';
  // Whoever comes in from outside can take out nobody but itself (RFC 9420 §12.2): that is asked once it is known.
  if (isHidden && change.successor === undefined && keepsRevoked(change.said, context.head))
    return invalid('revoked-leaf');
  const judged = isHidden
    ? judgeOpaqueCommit(bundle, change.said, signed, context)
    : judgePublicCommit(bundle, change, signed, context);
  const unclaimed = judged.ok ? judgeClaims(bundle, change.said, context) : undefined;
  return unclaimed === undefined ? judged : err(unclaimed);
}

/** `MB5`. By now the event names exactly the KeyPackages that the commit adds (`MB3`), or says so where nobody can tell (`MB8`). */
function judgeClaims(
  { claimTokens }: CommitBundle,
  { welcomeRefs }: MlsCommit,
  { head, check, clock, claimTokenKey: key }: CommitContext,
): RelayRefusal | undefined {
  return checkClaimTokens(claimTokens, welcomeRefs, { chain: head.chain, key, check, clock });
}

function invalid(reason: string): Screening<never> {
  return err({ code: 'invalid-handshake', reason });
}
