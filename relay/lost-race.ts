import { mlsCommit, readableUntil, type VerifiedEvent } from '../core/index.ts';
import type { RelayRefusal } from './answer.ts';
import type { Decision } from './append.ts';
import { mlsStateOf } from './group-terms.ts';
import type { ChainHead } from './ports.ts';
import type { Candidate } from './submission.ts';

/** What a refusal may quote of the log; each reader is bounded by its implementation. */
export interface Quotable {
  /** Entries from an index on, as many as one answer carries. */
  entriesFrom(index: number): readonly Uint8Array[];
  payloadOf(index: number): Uint8Array | undefined;
  /** C2SP tlog-proof of an entry under the newest checkpoint. */
  proofOf(index: number): string;
}

/**
 * Completes a refusal with what its receiver needs to go on (`AP13`, `MB4`): the missed entries, or for a commit that lost
 * its epoch the winner and its proof. Only refusals that come after the permission check are completed, and on the head that
 * this one led to: whom another event of the same flush has removed is told no more than any other reader (`AC3`).
 */
export function completeRefusal(
  refusal: RelayRefusal,
  { event }: VerifiedEvent,
  head: ChainHead,
  log: Quotable,
): RelayRefusal {
  const until = readableUntil(head.state, event.actor) ?? -1;
  const winner = until < head.size - 1 ? undefined : winningCommit(refusal, event, head);
  if (winner !== undefined) {
    const { epoch, epochIndex: index } = winner;
    const [entry] = log.entriesFrom(index);
    return { code: 'commit-lost', epoch, index, entry, commit: log.payloadOf(index), proof: log.proofOf(index) };
  }
  if (refusal.code !== 'stale-parent') return refusal;
  const entries = log.entriesFrom(event.seenIndex + 1).slice(0, Math.max(0, until - event.seenIndex));
  return { ...refusal, entries, cursor: event.seenIndex + 1 + entries.length };
}

/**
 * The same for a batch, of which only the first refusal is completed: its sender missed the same entries each time, and a
 * quote for each would make the answer hundreds of times the request.
 */
export function completeRefusals(
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
  head: ChainHead,
  log: Quotable,
): readonly Decision[] {
  const first = decisions.findIndex(
    (decision) => decision.kind === 'refused' && decision.refusal.code === 'stale-parent',
  );
  return decisions.map((decision, i) => {
    const candidate = candidates[i];
    if (i !== first || decision.kind !== 'refused' || candidate === undefined) return decision;
    return { kind: 'refused', refusal: completeRefusal(decision.refusal, candidate.signed, head, log) };
  });
}

/** The commit that ended the epoch which this one meant to end, if that is why it was refused. */
function winningCommit(
  { code }: RelayRefusal,
  event: VerifiedEvent['event'],
  { state }: ChainHead,
): { readonly epoch: number; readonly epochIndex: number } | undefined {
  if (event.type !== mlsCommit.type || (code !== 'stale-parent' && code !== 'wrong-epoch')) return undefined;
  const body = mlsCommit.decodeBody(event.body);
  const mls = mlsStateOf(state);
  // A ReInit is no winner to go on from: its loser learns of it from the entries that it missed.
  if (mls === undefined || mls.successor !== undefined) return undefined;
  return body.ok && body.value.epoch < mls.epoch ? mls : undefined;
}
