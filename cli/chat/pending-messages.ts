import type { OutgoingMessage } from '../../sdk/index.ts';

/** Messages under way that are shown at once; of more there is only the number. */
const MAX_SHOWN = 5;
/** Own messages whose place in the timeline is remembered, for news of them that comes late. */
const MAX_SETTLED = 2_000;

/** Own messages that the timeline does not show yet, in the order in which they were written. */
export class PendingMessages {
  readonly #messages = new Map<string, OutgoingMessage>();
  readonly #settled = new Set<string>();
  #wake = (): void => undefined;

  /** News of one. That it was delivered is no news: it stays until the timeline shows it. */
  note(message: OutgoingMessage): void {
    const { eventId, state } = message;
    if (this.#settled.has(eventId)) return;
    if (state.kind === 'cancelled') this.#messages.delete(eventId);
    else this.#messages.set(eventId, message);
    this.#wake();
  }

  /** The timeline shows it. */
  settle(eventId: string): void {
    this.#messages.delete(eventId);
    this.#settled.add(eventId);
    if (this.#settled.size > MAX_SETTLED) this.#settled.delete([...this.#settled][0] as string);
    this.#wake();
  }

  get shown(): readonly OutgoingMessage[] {
    return [...this.#messages.values()].slice(0, MAX_SHOWN);
  }

  get hidden(): number {
    return Math.max(0, this.#messages.size - MAX_SHOWN);
  }

  get failed(): readonly OutgoingMessage[] {
    return [...this.#messages.values()].filter(({ state }) => state.kind === 'failed');
  }

  /** Those that may still be delivered. */
  get unsettled(): number {
    return this.#messages.size - this.failed.length;
  }

  /** Resolves once nothing is under way, or when the signal aborts. */
  async untilSettled(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake());
    while (this.unsettled > 0 && !signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
