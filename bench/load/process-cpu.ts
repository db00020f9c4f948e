import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Less than this in a window, and nothing is left of what was asked before. */
const IDLE_MS = 3;
const WINDOW_MS = 100;
/** In a row: on a busy machine one may be quiet because nobody ran. */
const QUIET_WINDOWS = 4;
const MAX_WINDOWS = 600;

/**
 * CPU time of all threads of a process, in ms. Where the system doesn't say, the time that passes: it is no less, since only
 * one thing is asked at a time.
 */
export function cpuMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + runNs(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1e6;
  } catch {
    return performance.now();
  }
}

/** Waits until a process has done what earlier requests left for later, such as deliveries. */
export async function untilIdle(pid: number): Promise<void> {
  let quiet = 0;
  for (let window = 0; window < MAX_WINDOWS && quiet < QUIET_WINDOWS; window++) {
    const before = cpuMs(pid);
    await sleep(WINDOW_MS);
    const used = cpuMs(pid) - before;
    // Time that passes goes on for ever: then there is nothing to wait for.
    quiet = used < IDLE_MS || used >= WINDOW_MS ? quiet + 1 : 0;
  }
}

/** The first number is the time on a CPU, in ns. */
function runNs(path: string): number {
  return Number(readFileSync(path, 'utf8').split(' ')[0]);
}
