import {
  admitEvent,
  commitBundle,
  concatBytes,
  decode,
  equalBytes,
  isSameSet,
  err,
  MAX_BUNDLE_BYTES,
  MAX_ROSTER_REMOVALS,
  mlsCommit,
  mlsCreated,
  mlsReinitialised,
  ok,
  type CommitBundle,
  type MlsCommit,
  type MlsCreated,
  type Result,
  type VerifiedEvent,
} from '../core/index.ts';
import {
  applyCommit,
  checkNextGroupInfo,
  checkWelcome,
  compareActors,
  encodePublicTree,
  findSuite,
  foundGroup,
  isInForce,
  MAX_TREE_BYTES,
  memberRules,
  ratchetTreeOf,
  type FollowedCommit,
  type PublicGroup,
} from '../core/mls/index.ts';
import type { RelayRefusal } from './answer.ts';
import { eventKeyOf } from './append.ts';
import { checkClaimTokens } from './claim-tokens.ts';
import { judgeKinds, type NamedSuccessor } from './commit-kinds.ts';
import { isNamed, namesEvent } from './event-binding.ts';
import { groupTermsOf, mlsChoicesOf } from './group-terms.ts';
import type { AppendLimits } from './limits/append-limits.ts';
import { completeRefusal, type Quotable } from './lost-race.ts';
import type { ChainHead, EpochChange, LogReader } from './ports.ts';
import { judgeOpaqueCommit, judgeOpaqueCreation } from './opaque.ts';
import { checkSize, screenEvent, type Candidate, type CheckSignatures } from './submission.ts';

/** What a bundle is judged against. */
export interface CommitContext {
  readonly head: ChainHead;
  readonly log: LogReader;
  readonly clock: number;
  readonly check: CheckSignatures;
  /** The public half of the relay's claim token key, 32 bytes. */
  readonly claimTokenKey: Uint8Array;
  /** The MLS group in the epoch in force; undefined before `group.mls-created`. Asked for by nobody without permission. */
  readonly followedGroup: () => PublicGroup | undefined;
  readonly quotes: Quotable;
  /** Whether this actor may have a bundle judged, and what becomes of one that was in vain (`LM4`). */
  readonly limits: Pick<AppendLimits, 'checkCommitter' | 'countInvalidCommit'>;
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
  const screened = screenEvent(bundle.value.event, bundle.value.signature, context.head.chain, context.check);
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
      return isHidden ? judgeOpaqueCreation(bundle, body.value) : judgeCreation(bundle, body.value, signed, context);
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

function judgeCreation(
  bundle: CommitBundle,
  body: MlsCreated,
  { event }: VerifiedEvent,
  { head, check }: CommitContext,
): Screening<EpochChange> {
  const isAlone = bundle.commit.length === 0 && bundle.welcome.length === 0 && bundle.claimTokens.length === 0;
  if (!isAlone) return invalid('stray-message');
  if (!isNamed(bundle.groupInfo, body.groupInfoHash, body.groupInfoSize)) return invalid('group-info-hash');
  const suite = findSuite(body.ciphersuite);
  if (suite === undefined) throw new Error('an admitted group has a suite');
  const founded = foundGroup(bundle.groupInfo, memberRules({ ...groupTermsOf(head.state), suite }));
  if (!founded.ok) return invalid(founded.error.code);
  const { group, founder, signatures } = founded.value;
  if (!equalBytes(group.context.groupId, head.chain)) return invalid('group-id');
  if (!equalBytes(group.context.treeHash, body.treeHash)) return invalid('group-context');
  if (!equalBytes(founder, event.actor)) return invalid('founder');
  if (!check(signatures).every(Boolean)) return invalid('signature');
  const first = { hash: body.groupInfoHash, bytes: bundle.groupInfo };
  return ok({ epoch: 0, groupInfo: first, tree: undefined, welcome: undefined, group });
}

/** Alone in its commit, a ReInit changes nobody (RFC 9420 §12.2). */
const NOBODY = { welcomeRefs: [], roster: { added: [], removed: [] } };

interface SaidOfCommit {
  readonly said: MlsCommit;
  /** Where the event ends the group. */
  readonly successor?: NamedSuccessor;
}

function judgeChange(
  bundle: CommitBundle,
  change: SaidOfCommit,
  signed: VerifiedEvent,
  context: CommitContext,
): Screening<EpochChange> {
  const isHidden = mlsChoicesOf(context.head.state)?.handshakes === 'opaque';
  // Whoever comes in from outside can take out nobody but itself (RFC 9420 §12.2): that is asked once it is known.
  if (isHidden && change.successor === undefined && keepsRevoked(change.said, context.head))
    return invalid('revoked-leaf');
  const judged = isHidden
    ? judgeOpaqueCommit(bundle, change.said, signed, context)
    : judgeCommit(bundle, change, signed, context);
  const unclaimed = judged.ok ? judgeClaims(bundle, change.said, context) : undefined;
  return unclaimed === undefined ? judged : err(unclaimed);
}

function judgeCommit(
  bundle: CommitBundle,
  { said: body, successor }: SaidOfCommit,
  { event }: VerifiedEvent,
  { head, check, clock, followedGroup }: CommitContext,
): Screening<EpochChange> {
  if (!isNamed(bundle.commit, body.commitHash, body.commitSize)) return invalid('commit-hash');
  if (!isNamed(bundle.groupInfo, body.groupInfoHash, body.groupInfoSize)) return invalid('group-info-hash');
  const before = followedGroup();
  if (before === undefined) throw new Error('an admitted commit has a group');
  const applied = applyCommit(before, bundle.commit);
  if (!applied.ok) return invalid(applied.error.code);
  const followed = applied.value;
  // From outside come members alone, each in the place of its own leaf (`RC1`): the roster lets nobody else in.
  if (followed.isExternal && followed.removed.length === 0) return invalid('commit-sender');
  if (!followed.isExternal && successor === undefined && keepsRevoked(body, head)) return invalid('revoked-leaf');
  const unfit = judgeKinds(followed, { before, head, actor: event.actor, successor });
  if (unfit !== undefined) return invalid(unfit);
  if (!namesEvent(followed.handshake, event, head.state)) return invalid('authenticated-data');
  const welcome = checkWelcome(followed, bundle.welcome);
  if (!welcome.ok) return welcome.error.code === 'commit-welcome' ? WELCOME_MISMATCH : invalid(welcome.error.code);
  const groupInfo = checkNextGroupInfo(followed, bundle.groupInfo);
  if (!groupInfo.ok) return invalid(groupInfo.error.code);
  if (!equalBytes(followed.group.context.treeHash, body.treeHash)) return invalid('group-context');
  if (!followed.added.every(({ lifetime }) => isInForce(lifetime, clock))) return invalid('key-package-expired');
  const mismatch = compareWithEvent(followed, body, event.actor);
  if (mismatch !== undefined) return invalid(mismatch);
  if (!namesWelcomes(followed, body)) return WELCOME_MISMATCH;
  const tree = treeBeside(bundle.groupInfo, followed);
  if (tree !== undefined && tree.bytes.length > MAX_TREE_BYTES) return treeTooLarge(tree.bytes.length);
  const signatures = [...followed.signatures, ...followed.bindings, groupInfo.value];
  if (!check(signatures).every(Boolean)) return invalid('signature');
  const recipients = body.welcomeRefs.map(({ actor }) => actor);
  return ok({
    epoch: body.epoch + 1,
    groupInfo: { hash: body.groupInfoHash, bytes: bundle.groupInfo },
    tree,
    welcome: recipients.length === 0 ? undefined : { content: bundle.welcome, recipients },
    group: followed.group,
  });
}

function treeTooLarge(actual: number): Screening<never> {
  return err({ code: 'invalid-handshake', reason: 'tree-too-large', limit: MAX_TREE_BYTES, actual });
}

/** The tree to store beside a GroupInfo that doesn't hold it. It is the relay's own: nobody uploads one (`ML90`, `ML91`). */
function treeBeside(groupInfo: Uint8Array, { group }: FollowedCommit): EpochChange['tree'] {
  if (ratchetTreeOf(groupInfo) !== undefined) return undefined;
  return { hash: group.context.treeHash, bytes: encodePublicTree(group.tree) };
}

/** `MB5`. By now the event names exactly the KeyPackages that the commit adds (`MB3`), or says so where nobody can tell (`MB8`). */
function judgeClaims(
  { claimTokens }: CommitBundle,
  { welcomeRefs }: MlsCommit,
  { head, check, clock, claimTokenKey: key }: CommitContext,
): RelayRefusal | undefined {
  return checkClaimTokens(claimTokens, welcomeRefs, { chain: head.chain, key, check, clock });
}

/** `NA15`: keys that a revoked device has are not renewed with its leaf still there. */
function keepsRevoked({ roster: { removed } }: MlsCommit, { state }: ChainHead): boolean {
  if (state.kind !== 'group' || removed.length >= MAX_ROSTER_REMOVALS) return false;
  const suspended = state.value.roster.filter(({ role }) => role === 'suspended');
  return suspended.some(({ actor }) => !removed.some((gone) => equalBytes(gone, actor)));
}

/** `MB3`: the event says of the commit exactly what it does, since the roster follows the event. */
function compareWithEvent(followed: FollowedCommit, body: MlsCommit, actor: Uint8Array): string | undefined {
  if (!equalBytes(followed.committer.leaf.client, actor)) return 'committer';
  const clients = followed.added.map(({ client }) => client);
  // Who resyncs takes its former leaf out and stays who it is.
  const delta = compareActors(clients, followed.isExternal ? [] : followed.removed);
  if (delta.replaced.length > 0) return 'replaced-leaf';
  const added = body.roster.added.map((member) => member.actor);
  const isSameRoster = isSameSet(delta.added, added) && isSameSet(delta.removed, body.roster.removed);
  return isSameRoster ? undefined : 'roster';
}

/**
 * In pairs: whoever is named beside another's KeyPackage finds none of its own and can't join. The Welcome addresses
 * exactly the added KeyPackages (`ML27`).
 */
function namesWelcomes({ added }: FollowedCommit, { welcomeRefs }: MlsCommit): boolean {
  const named = welcomeRefs.map((welcome) => concatBytes(welcome.actor, welcome.keyPackageRef));
  const addressed = added.map(({ client, ref }) => concatBytes(client, ref));
  return isSameSet(addressed, named);
}

/** Also what `GM5` refuses by the event alone. */
const WELCOME_MISMATCH: Screening<never> = err({ code: 'welcome-mismatch' });

function invalid(reason: string): Screening<never> {
  return err({ code: 'invalid-handshake', reason });
}
