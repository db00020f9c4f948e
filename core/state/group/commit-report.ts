import { choice, opaque, struct, uint64, vector, type Decoded } from '../../codec/index.ts';
import { equalBytes } from '../../bytes/index.ts';
import { ACTOR_BYTES, HASH_BYTES } from '../../event/index.ts';

/** Commits that can still be reported: enough for everyone who is there when one turns out to be bad. */
export const MAX_REPORTABLE_COMMITS = 16;
/** Reports that the state shows; older ones are in the log alone. */
export const MAX_SHOWN_REPORTS = 64;

/** What of a commit failed. Each takes secrets to see: whatever else is wrong with a commit, the relay refuses it. */
export const commitFault = choice('CommitFault', {
  /** The path secret for this member does not open. */
  'path-secret': 1,
  /** It opens, and leads to other public keys than the path shows. */
  'path-keys': 2,
  /** The epoch that it leads to has another confirmation tag. */
  'confirmation-tag': 3,
  /** Whoever sent it does not hold the secrets of the group. */
  'membership-tag': 4,
  /** A check that has no name here. */
  other: 5,
});

/** A commit of the log, as far as a report of it needs. */
const loggedCommit = struct('LoggedCommit', {
  index: uint64,
  commitHash: opaque(HASH_BYTES),
  committer: opaque(ACTOR_BYTES),
});

const commitReport = struct('CommitReport', {
  /** The commit's entry. */
  commitIndex: uint64,
  committer: opaque(ACTOR_BYTES),
  reporter: opaque(ACTOR_BYTES),
  fault: commitFault,
  /** The report's own entry. */
  index: uint64,
});

/** Oldest first. */
export const loggedCommits = vector(loggedCommit, MAX_REPORTABLE_COMMITS);
/** In the order in which they were made. */
export const commitReports = vector(commitReport, MAX_SHOWN_REPORTS);

export type CommitFault = Decoded<typeof commitFault>;
export type LoggedCommit = Decoded<typeof loggedCommit>;
export type CommitReport = Decoded<typeof commitReport>;

/** The newest `limit` of a list with one more. */
export function keepNewest<T>(list: readonly T[], item: T, limit: number): readonly T[] {
  return [...list, item].slice(-limit);
}

export function hasReported(reports: readonly CommitReport[], commitIndex: number, reporter: Uint8Array): boolean {
  return reports.some((report) => report.commitIndex === commitIndex && equalBytes(report.reporter, reporter));
}
