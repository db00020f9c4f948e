import { fromBase64Url, toBase64Url } from '../../core/index.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { NetworkError, UsageError, type TeraChatError } from '../errors.ts';
import type { Outbox, OutboxRecord } from './outbox.ts';
import type { OutgoingFeed } from './outgoing-feed.ts';
import type { Timeline } from './timeline.ts';

export interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export interface MessageOutcomesParts {
  readonly outbox: Outbox;
  readonly feed: OutgoingFeed;
  readonly timeline: Timeline;
  /** A message that had failed is to be tried once more. */
  readonly onRequeued: () => void;
}

/** What became of the messages of an outbox: told to the feed, and to whoever waits for one of them or for all. */
export class MessageOutcomes {
  readonly #parts: MessageOutcomesParts;
  /** By event id, base64url: who wants to know at once what becomes of a message. */
  readonly #awaited = new Map<string, Waiting<Delivery>>();
  /** Who waits until everything was tried once. */
  readonly #flushing = new Set<Waiting<void>>();

  constructor(parts: MessageOutcomesParts) {
    this.#parts = parts;
  }

  await(eventId: string, waiting: Waiting<Delivery>): void {
    this.#awaited.set(eventId, waiting);
  }

  awaitNoMore(eventId: string): void {
    this.#awaited.delete(eventId);
  }

  awaitFlush(waiting: Waiting<void>): void {
    this.#flushing.add(waiting);
  }

  /** Everything was tried. */
  flushed(): void {
    for (const { resolve } of this.#flushing) resolve();
    this.#flushing.clear();
  }

  delivered(eventId: string, delivery: Delivery): void {
    this.#parts.feed.settle(eventId, { kind: 'delivered', ...delivery });
    this.#awaited.get(eventId)?.resolve(delivery);
  }

  cancelled(eventId: string): void {
    this.#parts.feed.settle(eventId, { kind: 'cancelled' });
    this.#awaited.get(eventId)?.reject(new UsageError('message-cancelled', `message ${eventId} was cancelled`));
  }

  /** Whoever waits is told and has the content; else the message stays, so that it is not lost without a word. */
  async refused(record: OutboxRecord, error: TeraChatError): Promise<void> {
    const { outbox, feed } = this.#parts;
    const eventId = toBase64Url(record.eventId);
    if (!(await outbox.fail(record, error.code, error.message))) return this.settleGone();
    const awaited = this.#awaited.get(eventId);
    const failure = { code: error.code, reason: error.message };
    if (awaited === undefined) {
      feed.note({ ...record, stage: { kind: 'failed', value: failure } }, 0);
      return;
    }
    feed.settle(eventId, { kind: 'failed', ...failure });
    await outbox.cancel(record.eventId);
    awaited.reject(error);
  }

  /** Who waits for a message that never left has its content: it need not be kept where nothing goes on by itself. */
  async withdrawAwaited(error: unknown): Promise<void> {
    const { outbox, feed } = this.#parts;
    for (const [eventId, { reject }] of this.#awaited) {
      const isWithdrawn = await outbox.cancel(parseEventId(eventId)).catch(() => undefined);
      if (isWithdrawn === true) feed.settle(eventId, { kind: 'cancelled' });
      reject(isWithdrawn === false ? stillKept(error) : error);
      this.#awaited.delete(eventId);
    }
  }

  /** Whoever waits hears what ended the attempt. */
  disappoint(error: unknown): void {
    for (const { reject } of [...this.#awaited.values(), ...this.#flushing]) reject(error);
    this.#awaited.clear();
    this.#flushing.clear();
  }

  /** Finds what became of messages that are kept no longer: the log showed them, or another process cancelled them. */
  async settleGone(): Promise<void> {
    const { outbox, feed, timeline } = this.#parts;
    if (feed.underWay.size === 0) return;
    try {
      const known = new Map(feed.underWay);
      for (const id of await outbox.ids()) known.delete(toBase64Url(id));
      await this.#takeBackFailed();
      if (known.size === 0) return;
      const from = Math.min(...[...known.values()].map(({ since }) => since));
      const places = await timeline.placesOf(new Set(known.keys()), from);
      for (const id of known.keys()) {
        const place = places.get(id);
        if (place === undefined) this.cancelled(id);
        else this.delivered(id, place);
      }
    } catch {
      // The storage is closed or broken; whoever uses it next is told.
    }
  }

  /** What another process failed while somebody waits for it here is tried here, so that they hear why themselves. */
  async #takeBackFailed(): Promise<void> {
    for (const eventId of this.#awaited.keys()) {
      if (await this.#parts.outbox.requeue(parseEventId(eventId))) this.#parts.onRequeued();
    }
  }
}

export function parseEventId(text: string): Uint8Array {
  const id = fromBase64Url(text);
  if (id === undefined) throw new TypeError(`no event id: ${text}`);
  return id;
}

/** The log may show it yet, whatever ended the attempt. */
function stillKept(cause: unknown): NetworkError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NetworkError('unreachable', `what became of the message is not known: ${reason}`, cause);
}
