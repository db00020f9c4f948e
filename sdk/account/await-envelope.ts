import type { Envelope } from '../inbox-envelopes.ts';
import type { Platform } from '../platform.ts';
import { UsageError } from '../errors.ts';

/** Between two looks into the mailbox. Somebody stands before the screen and waits. */
const LOOK_MS = 1_000;

/** Where envelopes come from, and how long to look. */
export interface EnvelopeSource {
  /** Fetches, and gives all that wait. */
  readonly fetch: (signal: AbortSignal | undefined) => Promise<readonly Envelope[]>;
  readonly platform: Platform;
  /** Ms since the Unix epoch. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

/** The first envelope that `read` makes something of, which is dismissed. Rejects with `pairing-expired` at the time given. */
export async function awaitEnvelope<T>(
  { fetch, platform, until, signal }: EnvelopeSource,
  read: (envelope: Envelope) => T | undefined,
): Promise<T> {
  for (;;) {
    for (const envelope of await fetch(signal)) {
      const found = read(envelope);
      if (found === undefined) continue;
      await envelope.dismiss();
      return found;
    }
    assertTimeLeft(platform, until);
    await platform.delay(LOOK_MS, signal);
  }
}

export function assertTimeLeft({ now }: Platform, until: number): void {
  if (now() >= until) throw new UsageError('pairing-expired', 'the other device did not answer in time');
}
