/**
 * One structured line for the operator about something that should not happen. Causes are messages of this program and
 * its storage; bodies, keys, tickets and payloads never reach here.
 */
export function reportIncident(event: string, cause: unknown): void {
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  // eslint-disable-next-line no-console -- the platform's log is where operators look
  console.error(JSON.stringify({ event, cause: message }));
}
