import { describe, expect, test } from 'vitest';
import { commitReported, equalBytes, mlsCommit, mlsCreated, parseState, encodeState } from '../../../core/index.ts';
import { MAX_REPORTABLE_COMMITS, MAX_SHOWN_REPORTS } from '../../../core/state/group/commit-report.ts';
import { actorNamed, LogBuilder } from '../../../scripts/vectors/log-builder.ts';
import { commitBody, createdBody, groupGenesis, hashOf, reportBody } from '../../../scripts/vectors/sample-bodies.ts';

const [alice, bob, cem] = [actorNamed('alice'), actorNamed('bob'), actorNamed('cem')];

/** Alice's group, with Bob as a member and Cem as a reader since its first commit. */
function groupOfThree(): LogBuilder {
  const log = new LogBuilder(alice, groupGenesis('mls'));
  log.append(alice, mlsCreated, createdBody);
  const added = [
    { actor: bob.key, role: 'member' as const },
    { actor: cem.key, role: 'reader' as const },
  ];
  log.append(alice, mlsCommit, commitBody(0, { added }));
  return log;
}

function rotate(log: LogBuilder, actor = alice): void {
  const epoch = log.group.mls!.epoch;
  log.append(actor, mlsCommit, commitBody(epoch));
}

const reportOf = (epoch: number, index: number) => ({ ...reportBody, index, commitHash: hashOf(`commit ${epoch}`) });

describe('a report of a commit', () => {
  test('[RC6] stands in the state, with who made it, of whom, and what failed; readers make it too', () => {
    const log = groupOfThree();
    log.append(bob, commitReported, reportBody);
    log.append(cem, commitReported, { ...reportBody, fault: 'confirmation-tag' });
    expect(log.group.mls?.reports).toEqual([
      { commitIndex: 2, committer: alice.key, reporter: bob.key, fault: 'path-secret', index: 3 },
      { commitIndex: 2, committer: alice.key, reporter: cem.key, fault: 'confirmation-tag', index: 4 },
    ]);
    const again = parseState(encodeState(log.state));
    expect(again).toEqual(log.state);
  });

  test('[RC6] names a commit of the log by index and hash, of somebody else, and once', () => {
    const log = groupOfThree();
    rotate(log, bob);
    const refusal = (actor: typeof bob, body: typeof reportBody | ReturnType<typeof reportOf>) =>
      log.codeOf(actor, commitReported, body);
    expect(refusal(cem, reportOf(1, 2))).toBe('no-such-commit');
    expect(refusal(cem, reportOf(0, 3))).toBe('no-such-commit');
    expect(refusal(bob, reportOf(1, 3))).toBe('own-commit');
    log.append(cem, commitReported, reportOf(1, 3));
    expect(refusal(cem, reportOf(1, 3))).toBe('already-reported');
    expect(refusal(cem, reportOf(0, 2))).toBeUndefined();
    expect(log.group.mls?.reports[0]?.committer).toSatisfy((key: Uint8Array) => equalBytes(key, bob.key));
  });

  test('[RC6] comes for one of the newest commits, and does not make anybody else’s event stale', () => {
    const log = groupOfThree();
    for (let i = 1; i < MAX_REPORTABLE_COMMITS; i++) rotate(log);
    expect(log.codeOf(bob, commitReported, reportOf(0, 2))).toBeUndefined();
    rotate(log);
    expect(log.codeOf(bob, commitReported, reportOf(0, 2))).toBe('no-such-commit');
    const strictBefore = log.group.lastStrictIndex;
    log.append(bob, commitReported, reportOf(1, 3));
    expect(log.group.lastStrictIndex).toBe(strictBefore);
  });

  test('[RC6] is shown among the newest; the log has them all', () => {
    const log = groupOfThree();
    for (let round = 0; round <= MAX_SHOWN_REPORTS; round++) {
      rotate(log);
      const epoch = log.group.mls!.epoch - 1;
      log.append(bob, commitReported, reportOf(epoch, log.group.mls!.epochIndex));
    }
    const reports = log.group.mls!.reports;
    expect(reports).toHaveLength(MAX_SHOWN_REPORTS);
    expect(reports[0]?.commitIndex).toBe(5);
  });
});
