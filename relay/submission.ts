import {
  appendRequest,
  decode,
  equalBytes,
  err,
  eventVerifyJob,
  keepVerified,
  MAX_APPEND_BYTES,
  MAX_PAYLOAD_BYTES,
  ok,
  parseSignedEvent,
  submission,
  type AppendRequest,
  type ChainId,
  type Result,
  type SignedEvent,
  type Submission,
  type VerifiedEvent,
  type VerifyJob,
} from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { EpochChange, NewModule, NewProposal } from './ports.ts';

/** An event that may be decided on: it is this chain's, and its actor signed it. */
export interface Candidate {
  readonly signed: VerifiedEvent;
  readonly payload: Uint8Array | undefined;
  /** Only from a bundle that was judged whole. */
  readonly epochChange?: EpochChange;
  /** Only of a proposal that was judged. */
  readonly proposal?: NewProposal;
  /** Only with an event that publishes it, when both were judged. */
  readonly module?: NewModule;
}

/** A submission either stands as a candidate or is refused by itself; its neighbours are not touched. */
export type Screened = Result<Candidate, RelayRefusal>;

/** Runs verify jobs under the admission rule, one verdict each, in order. */
export type CheckSignatures = (jobs: readonly VerifyJob[]) => readonly boolean[];

/** An append's body, by size before anything is parsed (`AP1`, `AP2`). */
export function parseAppend(body: Uint8Array): Result<AppendRequest, RelayRefusal> {
  const refusal = checkSize(body, MAX_APPEND_BYTES);
  if (refusal !== undefined) return err(refusal);
  const request = decode(appendRequest, body);
  return request.ok ? request : err({ ...request.error });
}

/** A genesis names no chain: its own hash is the chain's id (`CH2`). */
export function screenGenesis(body: Uint8Array, check: CheckSignatures): Screened {
  const refusal = checkSize(body, MAX_APPEND_BYTES);
  if (refusal !== undefined) return err(refusal);
  const request = decode(submission, body);
  if (!request.ok) return err({ ...request.error });
  const signed = parseSignedEvent(request.value.event, request.value.signature);
  if (!signed.ok) return err({ ...signed.error });
  if (signed.value.event.chain.length !== 0) return err({ code: 'wrong-chain' });
  return verifyOne(signed.value, request.value.payload, check);
}

/** Size, encoding, chain and signature of one event that arrives with more than a payload. */
export function screenEvent(tbs: Uint8Array, signature: Uint8Array, chain: ChainId, check: CheckSignatures): Screened {
  const signed = parseForChain(tbs, signature, chain);
  return signed.ok ? verifyOne(signed.value, undefined, check) : signed;
}

export function checkSize(body: Uint8Array, limitBytes: number): RelayRefusal | undefined {
  return body.length > limitBytes ? { code: 'body-too-large', limitBytes } : undefined;
}

/** Chain and signature of parsed submissions, each for itself; all signatures in one call to the verifier. */
export function screenSubmissions(
  submissions: readonly Submission[],
  chain: ChainId,
  check: CheckSignatures,
): readonly Screened[] {
  const parsed = submissions.map((one) => parseForChain(one.event, one.signature, chain, one.payload));
  const events = parsed.flatMap((result) => (result.ok ? [result.value] : []));
  const verified = keepVerified(events, check(events.map(eventVerifyJob)));
  let next = 0;
  return parsed.map((result, i) => {
    if (!result.ok) return result;
    return candidateOf(verified[next++], submissions[i]?.payload);
  });
}

function parseForChain(
  tbs: Uint8Array,
  signature: Uint8Array,
  chain: ChainId,
  payload?: Uint8Array,
): Result<SignedEvent, RelayRefusal> {
  const actualBytes = payload?.length ?? 0;
  if (actualBytes > MAX_PAYLOAD_BYTES) {
    return err({ code: 'payload-too-large', limitBytes: MAX_PAYLOAD_BYTES, actualBytes });
  }
  const signed = parseSignedEvent(tbs, signature);
  if (!signed.ok) return err({ ...signed.error });
  return equalBytes(signed.value.event.chain, chain) ? signed : err({ code: 'wrong-chain' });
}

function verifyOne(signed: SignedEvent, payload: Uint8Array | undefined, check: CheckSignatures): Screened {
  const [verified] = keepVerified([signed], check([eventVerifyJob(signed)]));
  return candidateOf(verified, payload);
}

function candidateOf(signed: VerifiedEvent | undefined, payload: Uint8Array | undefined): Screened {
  return signed === undefined ? err({ code: 'bad-signature' }) : ok({ signed, payload });
}
