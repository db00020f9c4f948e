import {
  admitEvent,
  decodeTrusted,
  equalBytes,
  err,
  mlsProposal,
  ok,
  type MlsProposal,
  type Result,
  type VerifiedEvent,
} from '../core/index.ts';
import { addProposal, isInForce, leafAt, type KnownProposal, type PublicGroup } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { eventKeyOf } from './append.ts';
import { isNamed, namesEvent } from './event-binding.ts';
import { mlsChoicesOf } from './group-terms.ts';
import type { AppendLimits } from './limits/append-limits.ts';
import { judgeOpaqueProposal } from './opaque.ts';
import type { ChainHead, LogReader, NewProposal } from './ports.ts';
import type { Candidate, CheckSignatures, Screened } from './submission.ts';

/** What a proposal is judged against. */
export interface ProposalContext {
  readonly head: ChainHead;
  readonly log: LogReader;
  readonly clock: number;
  readonly check: CheckSignatures;
  /** The MLS group in force with all that was proposed in its epoch, also what waits to be sequenced. */
  readonly followedGroup: () => PublicGroup | undefined;
  readonly limits: Pick<AppendLimits, 'checkCommitter' | 'countInvalidCommit'>;
}

/**
 * Judges a proposal before it is queued (`MB6`), once its event is permitted: that the relay can follow a commit that refers
 * to it. The answer holds as long as the epoch does, and the flush checks that again.
 */
export function screenProposal(candidate: Candidate, context: ProposalContext): Screened {
  const { signed, payload } = candidate;
  const { head, log, clock, limits } = context;
  const isRetry = log.findEvents([eventKeyOf(signed)]).length > 0;
  const { event } = signed;
  const said = mlsProposal.decodeBody(event.body);
  // `NA16`: the relay makes those itself, and strangers are told what they are told of any other.
  if (!isRetry && said.ok && said.value.purpose === 'revoked') return err({ code: 'not-permitted' });
  // The flush knows what to make of the one, and refuses the other.
  if (isRetry || payload === undefined) return ok(candidate);
  const view = { state: head.state, size: head.size, leafAt: (index: number) => log.leafAt(index) };
  const admission = admitEvent(view, event, Math.max(clock, head.relayTime), { clock });
  if (!admission.ok) return err({ ...admission.error });
  const body = decodeTrusted(mlsProposal.body, event.body);
  if (!isNamed(payload, body.proposalHash, body.proposalSize)) return err({ code: 'payload-mismatch' });
  const wait = limits.checkCommitter(event.actor, clock);
  if (wait !== undefined) return err(wait);
  const judge = mlsChoicesOf(head.state)?.handshakes === 'opaque' ? judgeOpaqueProposal : judgeProposal;
  const proposal = judge(payload, body, event, context);
  if (proposal.ok) return ok({ ...candidate, proposal: proposal.value });
  limits.countInvalidCommit(event.actor, clock);
  return proposal;
}

function judgeProposal(
  bytes: Uint8Array,
  body: MlsProposal,
  event: VerifiedEvent['event'],
  { head, check, clock, followedGroup }: ProposalContext,
): Result<NewProposal, RelayRefusal> {
  const group = followedGroup();
  if (group === undefined) throw new Error('an admitted proposal has a group');
  const added = addProposal(group, bytes);
  if (!added.ok) return invalid(added.error.code);
  const { proposal, handshake, signatures, bindings } = added.value;
  if (!PROPOSED_KINDS.has(proposal.change.kind)) return invalid('proposal-type');
  if (!isBy(proposal, event.actor, group)) return invalid('proposer');
  if (!namesEvent(handshake, event, head.state)) return invalid('authenticated-data');
  if (!equalBytes(proposal.ref, body.proposalRef)) return invalid('proposal-ref');
  if (isLeave(proposal) !== (body.purpose === 'leave')) return invalid('proposal-purpose');
  const { change } = proposal;
  if (change.kind === 'add' && !isInForce(change.addition.lifetime, clock)) return invalid('key-package-expired');
  if (!check([...signatures, ...bindings]).every(Boolean)) return invalid('signature');
  return ok({ hash: body.proposalHash, bytes, epoch: body.epoch, proposal });
}

/** What a member's commit may hold (`ML24`). Whether this member may commit it is asked then (`GM40`). */
export const COMMITTED_KINDS: ReadonlySet<string> = new Set([
  'add',
  'remove',
  'update',
  'psk',
  'group-context-extensions',
]);

const PROPOSED_KINDS: ReadonlySet<string> = new Set([...COMMITTED_KINDS, 'reinit']);

function isBy({ sender }: KnownProposal, actor: Uint8Array, { tree }: PublicGroup): boolean {
  const leaf = sender.kind === 'member' ? leafAt(tree, sender.leafIndex) : undefined;
  return leaf !== undefined && equalBytes(leaf.client, actor);
}

/** A Remove of the leaf that proposes it. */
function isLeave({ sender, change }: KnownProposal): boolean {
  return sender.kind === 'member' && change.kind === 'remove' && change.leafIndex === sender.leafIndex;
}

function invalid(reason: string): Result<never, RelayRefusal> {
  return err({ code: 'invalid-handshake', reason });
}
