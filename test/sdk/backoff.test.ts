import { expect, test } from 'vitest';
import { Backoff } from '../../sdk/backoff.ts';
import { RelayProblem } from '../../sdk/index.ts';
import { keepConnected } from '../../sdk/reconnect.ts';

const chance =
  (byte: number) =>
  (length: number): Uint8Array =>
    new Uint8Array(length).fill(byte);
const pausesOf = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next());

test('[CL21] pauses double up to the longest, are shortened by at most half, and begin anew after a good attempt', () => {
  const longest = new Backoff({ randomBytes: chance(0) });
  expect(pausesOf(longest, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  longest.reset();
  expect(longest.next()).toBe(250);
  const shortest = pausesOf(new Backoff({ randomBytes: chance(255) }), 8);
  for (const [i, full] of [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000].entries()) {
    expect(shortest[i]).toBeGreaterThan(full / 2);
    expect(shortest[i]).toBeLessThan(full * 0.51);
  }
});

test('[CL21] a connection is not tried again sooner than the relay asked for, and never after the end', async () => {
  const stop = new AbortController();
  const pauses: number[] = [];
  const problems = [
    new RelayProblem('rate-limited', { retryAfterMs: '42000' }),
    new RelayProblem('too-many-subscribers'),
    new RelayProblem('rate-limited', { retryAfterMs: '86400000000' }),
    new Error('closed'),
  ];
  const run = (): Promise<void> => Promise.reject(problems.shift() ?? new Error('the end'));
  const delay = async (ms: number): Promise<void> => void pauses.push(ms);
  const platform = { delay, randomBytes: chance(0) };
  const isFinal = (error: unknown): boolean => (error as Error).message === 'the end';
  expect(await keepConnected(run, { platform, signal: stop.signal, isFinal })).toMatchObject({ message: 'the end' });
  expect(pauses).toEqual([42_000, 60_000, 60_000, 2_000]);
  stop.abort();
  expect(await keepConnected(run, { platform, signal: stop.signal, isFinal })).toBeUndefined();
});
