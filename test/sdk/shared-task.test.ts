import { describe, expect, test } from 'vitest';
import { SharedTask } from '../../sdk/shared-task.ts';

/** A task that notes how often it began and ends when it is told to. */
function controlled() {
  const runs: { end: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const shared = new SharedTask(
    (signal) => new Promise((resolve, reject) => runs.push({ end: resolve, fail: reject, signal })),
  );
  return { runs, shared };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('a task that is shared', () => {
  test('runs once more for all who came while it ran, and not again', async () => {
    const { runs, shared } = controlled();
    const first = shared.run();
    await turn();
    const later = [shared.run(), shared.run(), shared.run()];
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]!.end();
    await first;
    await turn();
    expect(runs).toHaveLength(2);
    runs[1]!.end();
    await Promise.all(later);
    const last = shared.run();
    await turn();
    expect(runs).toHaveLength(3);
    runs[2]!.end();
    await last;
  });

  test('gives its failure to those who waited for it, and runs again for those after', async () => {
    const { runs, shared } = controlled();
    const first = shared.run();
    await turn();
    const second = shared.run();
    runs[0]!.fail(new Error('first'));
    await expect(first).rejects.toThrow('first');
    await turn();
    runs[1]!.end();
    await second;
  });

  test('one who gives up leaves it to the others; when all have, it is aborted', async () => {
    const { runs, shared } = controlled();
    const [one, other] = [new AbortController(), new AbortController()];
    const waiting = shared.run(one.signal);
    await turn();
    const queued = [shared.run(one.signal), shared.run(other.signal)];
    one.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
    await expect(queued[0]).rejects.toThrow('gave up');
    expect(runs[0]!.signal.aborted).toBe(true);
    runs[0]!.fail(new Error('aborted'));
    await turn();
    expect(runs[1]!.signal.aborted).toBe(false);
    runs[1]!.end();
    await queued[1];
    await expect(shared.run(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });
});
