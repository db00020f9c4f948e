import { opaque, struct, uint32, uint64, type Decoded } from '../../codec/index.ts';
import { equalBytes } from '../../bytes/index.ts';
import { defineEvent, HASH_BYTES } from '../../event/index.ts';
import type { Position, Rule, RuleRefusal } from '../rule.ts';
import { commitFault, hasReported, keepNewest, MAX_SHOWN_REPORTS, type LoggedCommit } from './commit-report.ts';
import { requireCreated, requireMembership, type GroupState, type MlsState } from './group-state.ts';
import { requireRole } from './roster.ts';

const reportedBody = struct('CommitReported', {
  /** Which commit: its entry, and the hash that this member saw. */
  index: uint64,
  commitHash: opaque(HASH_BYTES),
  fault: commitFault,
  /** The reporter's place in the tree of the epoch that the commit ended: which of its ciphertexts were meant for it. */
  leafIndex: uint32,
});

/** Says that this member can't follow a commit of another (`RC6`). */
export const commitReported = defineEvent({
  type: 0x0208,
  name: 'group.commit-reported',
  ordering: 'observed',
  body: reportedBody,
});

type CommitReported = Decoded<typeof reportedBody>;

export const commitReportedRule: Rule<GroupState, CommitReported> = {
  definition: commitReported,
  permit: (state, actor) => requireRole(state.roster, actor, 'reader'),
  check: checkReport,
  apply: (state, position, body) =>
    state.mls === undefined ? state : { ...state, mls: keepReport(state.mls, position, body) },
};

function checkReport(state: GroupState, { actor }: Position, body: CommitReported): RuleRefusal | undefined {
  const misplaced = requireMembership(state, 'mls') ?? requireCreated(state);
  if (misplaced !== undefined) return misplaced;
  const commit = state.mls && findCommit(state.mls, body);
  if (commit === undefined) return { code: 'no-such-commit' };
  if (equalBytes(commit.committer, actor)) return { code: 'own-commit' };
  return hasReported(state.mls?.reports ?? [], commit.index, actor) ? { code: 'already-reported' } : undefined;
}

/** By both names, so that a report can't mean another commit than its author saw. */
function findCommit({ commits }: MlsState, { index, commitHash }: CommitReported): LoggedCommit | undefined {
  return commits.find((commit) => commit.index === index && equalBytes(commit.commitHash, commitHash));
}

function keepReport(mls: MlsState, { index, actor }: Position, body: CommitReported): MlsState {
  const commit = findCommit(mls, body);
  if (commit === undefined) return mls;
  const { index: commitIndex, committer } = commit;
  const report = { commitIndex, committer, reporter: actor.slice(), fault: body.fault, index };
  return { ...mls, reports: keepNewest(mls.reports, report, MAX_SHOWN_REPORTS) };
}
