import type { PolicyExecutor } from '../policy/policy-executor.ts';
import type { Result } from '../result.ts';
import { decideRun } from './policy-run.ts';
import {
  replayEntries,
  type ReplayBatch,
  type ReplayCursor,
  type ReplayFault,
  type ReplayHistory,
  type ReplayStep,
} from './replay.ts';

/** What a replay goes by besides the entries. */
export interface ReplayTerms {
  /** Verdicts of a signature checker over `replayJobs`, one a step. */
  readonly signatures: readonly boolean[];
  readonly history: ReplayHistory;
  /** Runs the chain's policies. Without one, the first entry that a policy decided is `policies-not-run`. */
  readonly executor: PolicyExecutor | undefined;
}

/**
 * `replayEntries`, with the chain's policies asked again about what they let in (`PB12`): each has to say the same of the same, so a
 * verdict that the relay made up is a `forbidden-entry`. Rejects where the executor does, which says nothing of the log.
 */
export async function replayWithPolicies(
  cursor: ReplayCursor,
  batch: ReplayBatch,
  { signatures, history, executor }: ReplayTerms,
): Promise<Result<ReplayCursor, ReplayFault>> {
  let [next, rest] = [cursor, batch];
  for (;;) {
    const done = batch.steps.length - rest.steps.length;
    const replayed = replayEntries(next, rest, signatures.slice(done), history);
    if (replayed.ok || replayed.error.code !== 'policies-not-run' || executor === undefined) return replayed;
    rest = { ...rest, steps: rest.steps.slice(replayed.error.before.size - next.size) };
    next = replayed.error.before;
    rest = { ...rest, steps: await decideNext(next, rest.steps, executor) };
  }
}

async function decideNext(
  { state }: ReplayCursor,
  steps: readonly ReplayStep[],
  executor: PolicyExecutor,
): Promise<readonly ReplayStep[]> {
  // The same question twice would be asked for ever.
  if (state === undefined || steps[0]?.verdict !== undefined) throw new Error('a verdict is on what was asked');
  const events = steps.map(({ entry, signed }) => ({ event: signed.event, relayTime: entry.relayTime }));
  const verdicts = await decideRun(state, events, executor);
  return steps.map((step, i) => (i < verdicts.length ? { ...step, verdict: verdicts[i] } : step));
}
