import { Backoff } from './backoff.ts';
import { passingAfter } from './errors.ts';
import type { Platform } from './platform.ts';

export interface Reconnecting {
  readonly platform: Pick<Platform, 'delay' | 'randomBytes'>;
  readonly signal: AbortSignal;
  /** Whether trying again can't help. */
  readonly isFinal: (error: unknown) => boolean;
}

/**
 * Runs a connection again and again, with pauses that grow while it fails and begin anew once `run` calls `onGood`. Resolves
 * when the signal aborts, or with the error that is final.
 */
export async function keepConnected(
  run: (onGood: () => void) => Promise<void>,
  { platform, signal, isFinal }: Reconnecting,
): Promise<unknown> {
  const backoff = new Backoff(platform);
  for (;;) {
    let askedMs = 0;
    try {
      signal.throwIfAborted();
      await run(() => backoff.reset());
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isFinal(error)) return error;
      askedMs = passingAfter(error) ?? 0;
    }
    await platform.delay(backoff.next(askedMs), signal).catch(() => undefined);
  }
}
