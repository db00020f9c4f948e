import { NetworkError, RelayProblem } from '../errors.ts';
import type { Platform } from '../platform.ts';

/** Pauses before bytes whose fate is unknown are sent again. */
const RESEND_DELAYS_MS = [200, 800, 2_000] as const;

/** Who asked could not be told, so nobody looked at what was asked for. */
const UNAUTHENTICATED = 401;

/** Sends the same bytes again while no answer comes; the event id makes that safe (`AP5`). */
export async function resendUntilKnown<T>(
  send: () => Promise<T>,
  { delay }: Pick<Platform, 'delay'>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (const delayMs of RESEND_DELAYS_MS) {
    try {
      return await send();
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      await delay(delayMs, signal);
    }
  }
  return send();
}

function isNoAnswer(error: unknown): boolean {
  if (error instanceof RelayProblem) return error.code === 'unavailable';
  return error instanceof NetworkError && error.code !== 'not-a-relay';
}

/** A refusal that lasts for a while is one of the moment, mostly made before anybody looked at what came. */
function isOfTheMoment({ status, advice }: RelayProblem): boolean {
  return status === UNAUTHENTICATED || advice.kind === 'wait';
}

/** Whether bytes that were sent may stand in the log all the same: by this attempt or by an earlier one. */
export function isFateUnknown(error: unknown): boolean {
  return isNoAnswer(error) || (error instanceof RelayProblem && isOfTheMoment(error));
}
