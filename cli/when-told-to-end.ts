/** Ctrl-C, whoever supervises it, a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const listeners = new Set<() => void>();

/**
 * Calls `end` whenever the process is told to end, for a command that has something to clear away first. It listens on, since a
 * second Ctrl-C must not end the process meanwhile: `end` is called again.
 */
export function whenToldToEnd(end: () => void): void {
  listeners.add(end);
  for (const signal of SIGNALS) process.on(signal, end);
}

/** Tells what listens, as a signal does; false where nothing does. No signal is raised, since libraries listen to those too. */
export function tellToEnd(): boolean {
  for (const end of listeners) end();
  return listeners.size > 0;
}
