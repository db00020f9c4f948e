import {
  concatBytes,
  equalBytes,
  err,
  isSameSet,
  ok,
  type CommitBundle,
  type MlsCommit,
  type MlsCreated,
  type Result,
  type VerifiedEvent,
  type VerifyJob,
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
import { judgeKinds, type NamedSuccessor } from './commit-kinds.ts';
import { isNamed, namesEvent } from './event-binding.ts';
import { groupTermsOf } from './group-terms.ts';
import type { ChainHead, EpochChange } from './ports.ts';
import { keepsRevoked } from './revoked-leaves.ts';
import type { CheckSignatures } from './submission.ts';

type Judgement<T> = Result<T, RelayRefusal>;
type Named = VerifiedEvent['event'];

/** What a handshake that the relay can follow is judged against. */
export interface PublicContext {
  readonly head: ChainHead;
  readonly clock: number;
  readonly check: CheckSignatures;
  /** The MLS group in the epoch in force; undefined before `group.mls-created`. Asked for by nobody without permission. */
  readonly followedGroup: () => PublicGroup | undefined;
}

/** What the event of a commit says that it changes. */
export interface NamedChange {
  readonly said: MlsCommit;
  /** Where the event ends the group. */
  readonly successor?: NamedSuccessor;
}

/** The first epoch of a group: the founder alone in it, as the event says. */
export function judgePublicCreation(
  bundle: CommitBundle,
  body: MlsCreated,
  { event }: VerifiedEvent,
  { head, check }: PublicContext,
): Judgement<EpochChange> {
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

/**
 * Judges a commit that the relay can follow (`MB2`, `MB3`): it goes on from the epoch in force, Welcome and GroupInfo are of the
 * epoch that it begins, and it does exactly what its event says.
 */
export function judgePublicCommit(
  bundle: CommitBundle,
  change: NamedChange,
  { event }: VerifiedEvent,
  context: PublicContext,
): Judgement<EpochChange> {
  const { said: body } = change;
  if (!isNamed(bundle.commit, body.commitHash, body.commitSize)) return invalid('commit-hash');
  if (!isNamed(bundle.groupInfo, body.groupInfoHash, body.groupInfoSize)) return invalid('group-info-hash');
  const judged = followCommit(bundle.commit, change, event, context);
  if (!judged.ok) return judged;
  const followed = judged.value;
  const beginning = judgeBeginning(bundle, body, followed, context);
  if (!beginning.ok) return beginning;
  const mismatch = compareWithEvent(followed, body, event.actor);
  if (mismatch !== undefined) return invalid(mismatch);
  if (!namesWelcomes(followed, body)) return WELCOME_MISMATCH;
  const tree = treeBeside(bundle.groupInfo, followed);
  if (tree !== undefined && tree.bytes.length > MAX_TREE_BYTES) return treeTooLarge(tree.bytes.length);
  const signatures = [...followed.signatures, ...followed.bindings, beginning.value];
  if (!context.check(signatures).every(Boolean)) return invalid('signature');
  const recipients = body.welcomeRefs.map(({ actor }) => actor);
  return ok({
    epoch: body.epoch + 1,
    groupInfo: { hash: body.groupInfoHash, bytes: bundle.groupInfo },
    tree,
    welcome: recipients.length === 0 ? undefined : { content: bundle.welcome, recipients },
    group: followed.group,
  });
}

/** Follows the commit, which is one that its author may make and names its event. */
function followCommit(
  commit: Uint8Array,
  { said, successor }: NamedChange,
  event: Named,
  { head, followedGroup }: PublicContext,
): Judgement<FollowedCommit> {
  const before = followedGroup();
  if (before === undefined) throw new Error('an admitted commit has a group');
  const applied = applyCommit(before, commit);
  if (!applied.ok) return invalid(applied.error.code);
  const followed = applied.value;
  // From outside come members alone, each in the place of its own leaf (`RC1`): the roster lets nobody else in.
  if (followed.isExternal && followed.removed.length === 0) return invalid('commit-sender');
  if (!followed.isExternal && successor === undefined && keepsRevoked(said, head)) return invalid('revoked-leaf');
  const unfit = judgeKinds(followed, { before, head, actor: event.actor, successor });
  if (unfit !== undefined) return invalid(unfit);
  return namesEvent(followed.handshake, event, head.state) ? ok(followed) : invalid('authenticated-data');
}

/** Welcome and GroupInfo are of the epoch that the commit begins. Gives the signature of the GroupInfo, which is left to check. */
function judgeBeginning(
  { welcome, groupInfo }: CommitBundle,
  { treeHash }: MlsCommit,
  followed: FollowedCommit,
  { clock }: PublicContext,
): Judgement<VerifyJob> {
  const welcomed = checkWelcome(followed, welcome);
  if (!welcomed.ok) return welcomed.error.code === 'commit-welcome' ? WELCOME_MISMATCH : invalid(welcomed.error.code);
  const signature = checkNextGroupInfo(followed, groupInfo);
  if (!signature.ok) return invalid(signature.error.code);
  if (!equalBytes(followed.group.context.treeHash, treeHash)) return invalid('group-context');
  return followed.added.every(({ lifetime }) => isInForce(lifetime, clock))
    ? signature
    : invalid('key-package-expired');
}

function treeTooLarge(actual: number): Judgement<never> {
  return err({ code: 'invalid-handshake', reason: 'tree-too-large', limit: MAX_TREE_BYTES, actual });
}

/** The tree to store beside a GroupInfo that doesn't hold it. It is the relay's own: nobody uploads one (`ML90`, `ML91`). */
function treeBeside(groupInfo: Uint8Array, { group }: FollowedCommit): EpochChange['tree'] {
  if (ratchetTreeOf(groupInfo) !== undefined) return undefined;
  return { hash: group.context.treeHash, bytes: encodePublicTree(group.tree) };
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
const WELCOME_MISMATCH: Judgement<never> = err({ code: 'welcome-mismatch' });

function invalid(reason: string): Judgement<never> {
  return err({ code: 'invalid-handshake', reason });
}
