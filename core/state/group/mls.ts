import { opaque, struct, uint16, uint32, uint64, vector, type Decoded } from '../../codec/index.ts';
import { equalBytes } from '../../bytes/index.ts';
import { ACTOR_BYTES, defineEvent, HASH_BYTES } from '../../event/index.ts';
import { MAX_READ_ADDS } from '../../wire/limits.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { checkNotRevoked } from './accounts/revocation.ts';
import { keepNewest, MAX_REPORTABLE_COMMITS } from './commit-report.ts';
import { checkGroupSize } from './group-size.ts';
import { requireMembership, type GroupState, type MlsState } from './group-state.ts';
import {
  applyRosterChange,
  checkRosterChange,
  permitRosterChange,
  rosterChange,
  type RosterChange,
} from './roster-change.ts';
import { findMember, isLeaving, requireRole, type Roster } from './roster.ts';

/** Suites that a group can be followed in (`ML1`): 1, 2 and 3 of RFC 9420 §17.1, and X-Wing under a private-use number. */
export const CIPHERSUITES: ReadonlySet<number> = new Set([1, 2, 3, 0xf0a2]);

const createdBody = struct('MlsCreated', {
  ciphersuite: uint16,
  groupInfoHash: opaque(HASH_BYTES),
  groupInfoSize: uint32,
  treeHash: opaque(HASH_BYTES),
});

const welcomeRef = struct('WelcomeRef', {
  /** Whose mailbox the Welcome goes to. */
  actor: opaque(ACTOR_BYTES),
  /** RFC 9420 §5.2 KeyPackageRef. */
  keyPackageRef: opaque(HASH_BYTES),
});

const commitBody = struct('MlsCommit', {
  /** The epoch that this commit ends. */
  epoch: uint64,
  commitHash: opaque(HASH_BYTES),
  commitSize: uint32,
  groupInfoHash: opaque(HASH_BYTES),
  groupInfoSize: uint32,
  treeHash: opaque(HASH_BYTES),
  welcomeRefs: vector(welcomeRef, MAX_READ_ADDS),
  roster: rosterChange,
});

export type MlsCreated = Decoded<typeof createdBody>;
export type MlsCommit = Decoded<typeof commitBody>;

/** Creates the MLS group of a chain, in entry 1 (`GM1`). */
export const mlsCreated = defineEvent({
  type: 0x0201,
  name: 'group.mls-created',
  ordering: 'strict',
  body: createdBody,
});
/** Ends an epoch and opens the next (`GM2`). It is taken as part of a `commitBundle` alone. */
export const mlsCommit = defineEvent({ type: 0x0202, name: 'group.mls-commit', ordering: 'strict', body: commitBody });

/** Nothing but the genesis comes before it (`GM1`), so the only owner at that point is the founder. */
export const mlsCreatedRule: Rule<GroupState, MlsCreated> = {
  definition: mlsCreated,
  permit: ({ roster }, actor) => requireRole(roster, actor, 'owner'),
  check: (state, _position, { ciphersuite }) => {
    const misplaced = requireMembership(state, 'mls');
    if (misplaced !== undefined) return misplaced;
    if (state.mls !== undefined) return { code: 'already-created' };
    return CIPHERSUITES.has(ciphersuite) ? undefined : { code: 'unsupported-ciphersuite' };
  },
  apply: (state, { index }, { ciphersuite, treeHash, groupInfoHash }) => ({
    ...state,
    mls: {
      ciphersuite,
      epoch: 0,
      treeHash: treeHash.slice(),
      groupInfoHash: groupInfoHash.slice(),
      epochIndex: index,
      oldestOpenEpoch: 0,
      commits: [],
      reports: [],
      successor: undefined,
    },
  }),
};

export const mlsCommitRule: Rule<GroupState, MlsCommit> = {
  definition: mlsCommit,
  permit: ({ roster }, actor, body) => permitRosterChange(roster, actor, withoutLeavers(roster, body.roster)),
  check: checkCommit,
  apply: (state, position, body) => ({
    ...state,
    roster: applyRosterChange(state.roster, body.roster, position.index),
    mls: state.mls === undefined ? undefined : openEpoch(state.mls, position, body, body.roster.removed),
  }),
  payload: ({ commitHash, commitSize }) => ({ hash: commitHash, size: commitSize }),
};

function checkCommit(state: GroupState, { actor }: Position, body: MlsCommit): RuleRefusal | undefined {
  if (state.mls === undefined) return requireMembership(state, 'mls') ?? { code: 'mls-not-created' };
  if (body.epoch !== state.mls.epoch) return { code: 'wrong-epoch', epoch: state.mls.epoch };
  // RFC 9420 §12.2: a member can't remove its own leaf; it asks another to.
  if (includes(body.roster.removed, actor)) return { code: 'not-permitted' };
  const { added, removed } = body.roster;
  return (
    checkGroupSize(state.roster, { added: added.length, removed: removed.length }) ??
    checkNotRevoked(state.accounts, added) ??
    checkRosterChange(state.roster, body.roster) ??
    checkWelcomes(body)
  );
}

/** `GM11`: who has asked to leave may be taken out by anyone who may commit. What they asked for is signed in the log. */
function withoutLeavers(roster: Roster, { added, removed }: RosterChange): RosterChange {
  const isAsked = (actor: Uint8Array): boolean => {
    const member = findMember(roster, actor);
    return member !== undefined && isLeaving(member);
  };
  return { added, removed: removed.filter((actor) => !isAsked(actor)) };
}

/** `GM5`: exactly those who are added get a Welcome, one each, or a member could fill a stranger's mailbox. */
function checkWelcomes({ welcomeRefs, roster }: MlsCommit): RuleRefusal | undefined {
  const welcomed = welcomeRefs.map(({ actor }) => actor);
  const isComplete = roster.added.every(({ actor }) => includes(welcomed, actor));
  return isComplete && welcomed.length === roster.added.length ? undefined : { code: 'welcome-mismatch' };
}

function includes(actors: readonly Uint8Array[], wanted: Uint8Array): boolean {
  return actors.some((actor) => equalBytes(actor, wanted));
}

/** A commit that removes a leaf closes every earlier epoch: whoever left could still read them (`GM3`). */
export function openEpoch(
  mls: MlsState,
  { index, actor }: Position,
  body: Pick<MlsCommit, 'epoch' | 'commitHash' | 'treeHash' | 'groupInfoHash'>,
  removed: readonly Uint8Array[],
): MlsState {
  const epoch = body.epoch + 1;
  const commit = { index, commitHash: body.commitHash.slice(), committer: actor.slice() };
  return {
    ...mls,
    epoch,
    treeHash: body.treeHash.slice(),
    groupInfoHash: body.groupInfoHash.slice(),
    epochIndex: index,
    oldestOpenEpoch: removed.length > 0 ? epoch : mls.oldestOpenEpoch,
    commits: keepNewest(mls.commits, commit, MAX_REPORTABLE_COMMITS),
  };
}
