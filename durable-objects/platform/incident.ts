import { measures } from '../metrics/isolate-measures.ts';

/**
 * One structured line for the operator about something that should not happen. Causes are messages of this program and
 * its storage; bodies, keys, tickets and payloads never reach here (`OP3`).
 */
export function reportIncident(event: string, cause: unknown): void {
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  // eslint-disable-next-line no-console -- the platform's log is where operators look
  console.error(JSON.stringify({ level: 'error', event, cause: message }));
  measures.count('incidents', event);
}

/** A step of a job that failed and will be tried again. */
export function reportJobFailure({ kind, cause }: { readonly kind: string; readonly cause: unknown }): void {
  reportIncident('job-failed', new Error(`${kind}: ${cause instanceof Error ? cause.message : String(cause)}`));
  measures.count('jobFailures', kind);
}
