/** Ctrl-C, whoever supervises it, a terminal that was closed. Of a pipe that nobody reads any more `main.ts` says the last. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `end` whenever the process is told to end, for a command that has something to clear away first. It listens on, since a
 * second Ctrl-C must not end the process meanwhile: `end` is called again.
 */
export function whenToldToEnd(end: () => void): void {
  for (const signal of SIGNALS) process.on(signal, end);
}
