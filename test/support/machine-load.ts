import { availableParallelism, loadavg } from 'node:os';

/** The load that a system tells is one of its last minute. */
const LOOK_MS = 10_000;

/** The function stops looking, and gives the largest number of processes a core that wanted to run meanwhile: at least one. */
export function watchLoad(): () => number {
  let most = 1;
  const look = (): void => void (most = Math.max(most, (loadavg()[0] ?? 0) / availableParallelism()));
  const timer = setInterval(look, LOOK_MS).unref();
  look();
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}
