import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const BENCH = new URL('../../bench/main.ts', import.meta.url).pathname;
const run = promisify(execFile);

interface Result {
  readonly name: string;
  readonly value: number;
  readonly floor: number;
  readonly ratio: number;
}

describe('the bench', () => {
  it('measures every name beside a floor of the same run, and prints them as JSON', async () => {
    const { stdout } = await run(process.execPath, [BENCH, '--json', '--rounds', '1', '--scale', '0.02']);
    const { results } = JSON.parse(stdout) as { results: readonly Result[] };
    expect(results.map(({ name }) => name)).toEqual([
      'append-http-32',
      'append-ws-128',
      'append-ws-frames-64',
      'fanout-100',
      'fanout-100-p50',
      'fanout-100-p99',
      'catchup-10000',
      'verify-10000',
      'mls-commit-10',
      'mls-commit-100',
      'policy-ledger-frames-64',
      'policy-verify-100k',
      'policy-meter-100k',
    ]);
    for (const { value, floor, ratio } of results) {
      expect(value).toBeGreaterThan(0);
      expect(floor).toBeGreaterThan(0);
      expect(Math.abs(ratio / (value / floor) - 1)).toBeLessThan(0.0001);
    }
  });

  it('refuses a name that it does not know', async () => {
    const failure = await run(process.execPath, [BENCH, '--only', 'nonsense']).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining("'nonsense' is no name") as string });
  });
});
