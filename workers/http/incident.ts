import type { RelayRefusal } from '../../relay/index.ts';

/** Flags that the platform puts on an error that crossed from a Durable Object. */
interface RemoteError extends Error {
  readonly remote?: boolean;
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
}

/** Where an exception came out, without anything that a caller sent: ids in a path say who talks with whom. */
export interface IncidentPlace {
  readonly method: string;
  /** The route's pattern, not the path. */
  readonly route: string;
}

const READS = new Set(['GET', 'HEAD']);

/**
 * Logs an exception as one line of JSON and gives the refusal that the caller sees (`HT8`): an `incident` to quote, and
 * nothing of the exception. A write that died inside an object may have been stored, so it is `unavailable` and not
 * `internal`, which promises that nothing changed.
 */
export function logIncident(error: RemoteError, { method, route }: IncidentPlace): RelayRefusal {
  const incident = crypto.randomUUID();
  const isTransient = error.retryable === true || error.overloaded === true;
  const isUnknown = error.remote === true && !READS.has(method);
  const code = isTransient || isUnknown ? 'unavailable' : 'internal';
  const { name, message, stack } = error;
  // eslint-disable-next-line no-console -- the platform's log is where operators look
  console.error(
    JSON.stringify({ level: 'error', event: 'request-failed', incident, code, method, route, name, message, stack }),
  );
  return { code, incident };
}
