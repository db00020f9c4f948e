import type { Platform } from './platform.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

export interface Reconnecting {
  readonly platform: Pick<Platform, 'delay'>;
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
  let pauseMs = FIRST_PAUSE_MS;
  const onGood = (): void => {
    pauseMs = FIRST_PAUSE_MS;
  };
  for (;;) {
    try {
      signal.throwIfAborted();
      await run(onGood);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isFinal(error)) return error;
    }
    await platform.delay(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
