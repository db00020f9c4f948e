import { groupMessage, parseEntries } from '../core/index.ts';

/** When each message of a log was sequenced: what a log says of bytes that it doesn't hold. */
export class MessageTimes {
  readonly #times: number[] = [];

  /** The next entries; nothing of them has to have been verified. */
  take(entries: readonly Uint8Array[]): void {
    for (const { entry, signed } of parseEntries(entries).steps) {
      if (signed.event.type === groupMessage.type) this.#times.push(entry.relayTime);
    }
  }

  get count(): number {
    return this.#times.length;
  }

  /** Those that no relay gives any more (`PL3`), by this clock. */
  expiredBy(now: number, retentionMs: number): number {
    return this.#times.filter((time) => time + retentionMs <= now).length;
  }
}
