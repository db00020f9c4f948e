import {
  equalBytes,
  err,
  ok,
  type CommitBundle,
  type MlsCommit,
  type MlsCreated,
  type MlsProposal,
  type Result,
  type VerifiedEvent,
} from '../core/index.ts';
import { checkWelcomeRefs, parseOpaqueCommit, parseOpaqueProposal, type MlsPrivateMessage } from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { isNamed, namesEvent } from './event-binding.ts';
import { groupTermsOf } from './group-terms.ts';
import type { ChainHead, EpochChange, NewProposal } from './ports.ts';

type Judgement<T> = Result<T, RelayRefusal>;

/**
 * What a relay judges of handshakes that it can't read (`MB8`): that they are handshakes of this group and epoch which name
 * their events, and that a Welcome is for whom the event says. What a commit does is the committer's word, signed in the
 * event; the roster follows that, and members compare it with what they decrypt (`ML102`).
 */
export function judgeOpaqueCommit(
  bundle: CommitBundle,
  body: MlsCommit,
  { event }: VerifiedEvent,
  { head }: { readonly head: ChainHead },
): Judgement<EpochChange> {
  if (!isNamed(bundle.commit, body.commitHash, body.commitSize)) return invalid('commit-hash');
  const stray = findGroupInfo(bundle, body);
  if (stray !== undefined) return invalid(stray);
  const commit = parseOpaqueCommit(bundle.commit);
  if (!commit.ok) return invalid(commit.error.code);
  if (!equalBytes(commit.value.groupId, head.chain)) return invalid('commit-group');
  if (commit.value.epoch !== body.epoch) return invalid('commit-epoch');
  if (!namesEvent(commit.value, event, head.state)) return invalid('authenticated-data');
  const refs = body.welcomeRefs.map(({ keyPackageRef }) => keyPackageRef);
  const welcome = checkWelcomeRefs(refs, groupTermsOf(head.state).suite, bundle.welcome);
  if (!welcome.ok) {
    const { code } = welcome.error;
    return code === 'commit-welcome' ? err({ code: 'welcome-mismatch' }) : invalid(code);
  }
  const recipients = body.welcomeRefs.map(({ actor }) => actor);
  return ok({
    epoch: body.epoch + 1,
    ...NOTHING_FOLLOWED,
    welcome: recipients.length === 0 ? undefined : { content: bundle.welcome, recipients },
  });
}

/** The first epoch of a group that is not followed: nothing but its event is handed in. */
export function judgeOpaqueCreation(bundle: CommitBundle, body: MlsCreated): Judgement<EpochChange> {
  const isAlone = bundle.commit.length === 0 && bundle.welcome.length === 0 && bundle.claimTokens.length === 0;
  if (!isAlone) return invalid('stray-message');
  const stray = findGroupInfo(bundle, body);
  return stray === undefined ? ok({ epoch: 0, ...NOTHING_FOLLOWED, welcome: undefined }) : invalid(stray);
}

const NOTHING_FOLLOWED = { groupInfo: undefined, tree: undefined, group: undefined } as const;

/** `ML103`: a GroupInfo would show the very tree that the handshakes hide. The event names the empty string in its place. */
function findGroupInfo(
  { groupInfo }: CommitBundle,
  { groupInfoHash, groupInfoSize }: Pick<MlsCommit, 'groupInfoHash' | 'groupInfoSize'>,
): string | undefined {
  if (groupInfo.length > 0) return 'stray-message';
  return isNamed(groupInfo, groupInfoHash, groupInfoSize) ? undefined : 'group-info-hash';
}

/** Of a proposal there is only that it is one. Which one is the author's word, and can be no other's loss (`GM31`). */
export function judgeOpaqueProposal(
  bytes: Uint8Array,
  { epoch, proposalHash: hash }: MlsProposal,
  event: VerifiedEvent['event'],
  { head }: { readonly head: ChainHead },
): Judgement<NewProposal> {
  const proposal = parseOpaqueProposal(bytes);
  if (!proposal.ok) return invalid(proposal.error.code);
  const fault = findMisplacement(proposal.value, epoch, head);
  if (fault !== undefined) return invalid(fault);
  if (!namesEvent(proposal.value, event, head.state)) return invalid('authenticated-data');
  return ok({ hash, bytes, epoch, proposal: undefined });
}

function findMisplacement(message: MlsPrivateMessage, epoch: number, { chain }: ChainHead): string | undefined {
  if (!equalBytes(message.groupId, chain)) return 'proposal-group';
  return message.epoch === epoch ? undefined : 'proposal-epoch';
}

function invalid(reason: string): Judgement<never> {
  return err({ code: 'invalid-handshake', reason });
}
