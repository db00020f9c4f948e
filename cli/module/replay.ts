import { runPolicy, type PolicyOutcome, type VerifiedModule } from '../../core/index.ts';
import { compilePolicy } from '../../sdk/index.ts';

/** A record that a policy is tried with. */
export interface TestRecord {
  /** Name or key of the actor. */
  readonly who: string;
  readonly relayTime: number;
  /** As the policy reads it (`PX7`). */
  readonly event: Uint8Array;
  /** The verdict that it should get, as `verdictText` has it; undefined where any will do. */
  readonly expected: string | undefined;
  readonly note: string;
}

/** What a policy said to a record. */
export interface Verdict {
  readonly record: TestRecord;
  readonly outcome: PolicyOutcome;
  readonly text: string;
  /** What it used up; undefined where it was stopped, since what is left then counts for nothing. */
  readonly fuel: number | undefined;
  readonly isExpected: boolean;
}

export interface Replay {
  readonly verdicts: readonly Verdict[];
  /** What the last accepted record left. */
  readonly state: Uint8Array;
  /** The most that one record used up. */
  readonly mostFuel: number;
}

/** Lets a module decide over records one after the other, from an empty state on, as a chain would. */
export async function replayRecords(
  module: VerifiedModule,
  records: readonly TestRecord[],
  fuel: number,
): Promise<Replay> {
  const instantiate = await compilePolicy(module);
  let state = new Uint8Array();
  const verdicts = records.map((record) => {
    const outcome = runPolicy(instantiate, { state, event: record.event, fuel });
    if (outcome.kind === 'accepted') state = new Uint8Array(outcome.state);
    const text = verdictText(outcome);
    const used = outcome.kind === 'stopped' ? undefined : fuel - outcome.fuelLeft;
    return { record, outcome, text, fuel: used, isExpected: (record.expected ?? text) === text };
  });
  return { verdicts, state, mostFuel: Math.max(0, ...verdicts.map((verdict) => verdict.fuel ?? 0)) };
}

function verdictText(outcome: PolicyOutcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return 'accepted';
    case 'rejected':
      return `rejected ${outcome.reason}`;
    case 'stopped':
      return `stopped ${outcome.cause}`;
  }
}
