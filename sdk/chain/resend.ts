import { NetworkError, RelayProblem } from '../errors.ts';
import type { Platform } from '../platform.ts';

/** Pauses before bytes whose fate is unknown are sent again. */
const RESEND_DELAYS_MS = [200, 800, 2_000] as const;

/** Sends the same bytes again while nobody knows what became of them; the event id makes that safe (`AP5`). */
export async function resendUntilKnown<T>(
  send: () => Promise<T>,
  { delay }: Pick<Platform, 'delay'>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (const delayMs of RESEND_DELAYS_MS) {
    try {
      return await send();
    } catch (error) {
      if (!isFateUnknown(error)) throw error;
      await delay(delayMs, signal);
    }
  }
  return send();
}

export function isFateUnknown(error: unknown): boolean {
  if (error instanceof RelayProblem) return error.code === 'unavailable';
  return error instanceof NetworkError && error.code !== 'not-a-relay';
}
