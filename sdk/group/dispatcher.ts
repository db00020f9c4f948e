import { MAX_PAYLOAD_BYTES, toBase64Url } from '../../core/index.ts';
import type { ChainFollower } from '../chain/chain-follower.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { UsageError } from '../errors.ts';
import { Mutex, untilAborted } from '../mutex.ts';
import type { Platform } from '../platform.ts';
import { RetryLoop } from '../retry-loop.ts';
import { MessageOutcomes, parseEventId, type Waiting } from './message-outcomes.ts';
import { isVerdict, tooLarge, type MessageSender, type SentMessage } from './message-sender.ts';
import { MAX_OUTGOING_MESSAGES, type Outbox, type OutboxRecord, type SealedRecord } from './outbox.ts';
import type { OutgoingFeed } from './outgoing-feed.ts';
import type { OutgoingMessage } from './outgoing.ts';
import type { Timeline } from './timeline.ts';

/** Messages that leave in one request: half a MiB at most. */
const MAX_SENT_AT_ONCE = 32;

export interface DispatcherParts {
  readonly outbox: Outbox;
  readonly feed: OutgoingFeed;
  readonly sender: MessageSender;
  readonly follower: ChainFollower;
  readonly timeline: Timeline;
  readonly platform: Platform;
  /** Reads what is new, and rejects where this identity can't send. */
  readonly assertMember: (signal: AbortSignal) => Promise<void>;
}

/**
 * Sends what is in the outbox, in the order in which it was written, while there is something to send: at once where the
 * relay answers, else again and again. Nothing overtakes a message whose fate is unknown.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #stop = new AbortController();
  readonly #turns = new Mutex();
  readonly #outcomes: MessageOutcomes;
  readonly #loop: RetryLoop;
  #isSending = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#outcomes = new MessageOutcomes({ ...parts, onRequeued: () => this.#loop.callAgain() });
    const task = {
      attempt: (progressed: () => void) => this.#attempt(progressed),
      succeeded: () => this.#outcomes.flushed(),
      failed: (error: unknown, mayPass: boolean) => this.#failed(error, mayPass),
      beforeRetry: () => this.#outcomes.settleGone(),
    };
    this.#loop = new RetryLoop(parts.platform, task, this.#stop.signal);
    // What is being sent is settled by its receipt: a false one must not go unnoticed because the log shows the message.
    parts.follower.onAdvance(() => void (this.#isSending || this.#outcomes.settleGone()));
  }

  /** Keeps a message and sends it when its turn comes. Resolves once it can't be lost any more. */
  async post(content: Uint8Array, contentType: number): Promise<OutgoingMessage> {
    const record = await this.#keep(content, contentType);
    this.start();
    return record;
  }

  /** The same, and resolves once the log shows it. Rejects with what kept it from there; where that may pass, it stays kept. */
  async send(content: Uint8Array, contentType: number, signal: AbortSignal | undefined): Promise<Delivery> {
    signal?.throwIfAborted();
    let eventId = '';
    let waiting: Waiting<Delivery> | undefined;
    const outcome = new Promise<Delivery>((resolve, reject) => (waiting = { resolve, reject }));
    // It may be known, and bad, before the message is kept and anyone looks.
    outcome.catch(() => undefined);
    try {
      await this.#keep(content, contentType, (record) => {
        eventId = toBase64Url(record.eventId);
        this.#outcomes.await(eventId, waiting as Waiting<Delivery>);
      });
      this.hurry();
      return await untilAborted(outcome, signal);
    } finally {
      this.#outcomes.awaitNoMore(eventId);
    }
  }

  /** Tries to send everything now. Rejects with what ended the attempt. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const round = new Promise<void>((resolve, reject) => this.#outcomes.awaitFlush({ resolve, reject }));
    this.hurry();
    return untilAborted(round, signal);
  }

  /** What is kept, oldest first. */
  async list(): Promise<readonly OutgoingMessage[]> {
    const since = await this.#size();
    return (await this.#parts.outbox.all()).map((record) => this.#parts.feed.note(record, since));
  }

  watch(signal: AbortSignal | undefined): AsyncIterableIterator<OutgoingMessage> {
    return this.#parts.feed.watch(() => this.list(), signal, this.#stop.signal);
  }

  async cancel(eventId: string): Promise<boolean> {
    const isCancelled = await this.#parts.outbox.cancel(parseEventId(eventId));
    if (isCancelled) this.#outcomes.cancelled(eventId);
    return isCancelled;
  }

  async retry(eventId: string): Promise<boolean> {
    const isQueued = await this.#parts.outbox.requeue(parseEventId(eventId));
    if (!isQueued) return false;
    await this.list();
    this.hurry();
    return true;
  }

  /** Resolves once the outbox takes another message. */
  async room(signal: AbortSignal | undefined): Promise<void> {
    const { outbox, feed, follower } = this.#parts;
    let wake = (): void => undefined;
    const note = (): void => wake();
    const ends = [feed.onChange(note), follower.onAdvance(note)];
    this.#stop.signal.addEventListener('abort', note);
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        if (this.#stop.signal.aborted) throw closed();
        if ((await outbox.ids()).length < MAX_OUTGOING_MESSAGES) return;
        await untilAborted(changed, signal);
      }
    } finally {
      this.#stop.signal.removeEventListener('abort', note);
      for (const end of ends) end();
    }
  }

  /** Looks into the outbox, unless that is going on. */
  start(): void {
    this.#loop.start();
    this.#endIfClosed();
  }

  /** The same without waiting for a pause to end: something says that the relay may answer. */
  hurry(): void {
    this.#loop.hurry();
    this.#endIfClosed();
  }

  close(): void {
    this.#stop.abort(new DOMException('the session is closed', 'AbortError'));
    this.#endIfClosed();
  }

  #endIfClosed(): void {
    if (this.#stop.signal.aborted) this.#outcomes.disappoint(closed());
  }

  async #keep(
    content: Uint8Array,
    contentType: number,
    announce?: (record: OutboxRecord) => void,
  ): Promise<OutgoingMessage> {
    if (this.#stop.signal.aborted) throw closed();
    if (content.length > MAX_PAYLOAD_BYTES) throw tooLarge(content.length);
    const { outbox, feed, platform } = this.#parts;
    const message = { content: content.slice(), contentType };
    // Another process may hold the outbox, and lets those in who wait for it in any order (`CL18`).
    return this.#turns.run('keep', async () => {
      const since = await this.#size();
      return feed.note(await outbox.add(message, platform, announce), since);
    });
  }

  async #attempt(progressed: () => void): Promise<void> {
    await this.#sendAll(progressed);
    await this.#outcomes.settleGone();
  }

  /** Whoever waits is told what happened, and what is kept is not lost by it. */
  async #failed(error: unknown, mayPass: boolean): Promise<void> {
    if (!mayPass) await this.#outcomes.withdrawAwaited(error);
    if (!this.#stop.signal.aborted) this.#outcomes.disappoint(error);
  }

  async #sendAll(progressed: () => void): Promise<void> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      const since = await this.#size();
      const records = await this.#parts.outbox.next(MAX_SENT_AT_ONCE);
      if (records.length === 0) return;
      for (const record of records) this.#parts.feed.note(record, since);
      this.#isSending = true;
      try {
        for (const sent of await this.#sendSome(records)) await this.#settle(sent);
      } finally {
        this.#isSending = false;
      }
      progressed();
    }
  }

  async #sendSome(records: readonly OutboxRecord[]): Promise<readonly SentMessage[]> {
    const { sender, assertMember } = this.#parts;
    const { signal } = this.#stop;
    const [first] = records;
    if (first?.stage.kind === 'sealed') return [await sender.sendAgain(first as SealedRecord, signal)];
    try {
      await assertMember(signal);
    } catch (error) {
      if (!isVerdict(error)) throw error;
      return records.map((record) => ({ record, outcome: error }));
    }
    return sender.sendNew(records, signal);
  }

  async #settle({ record, outcome }: SentMessage): Promise<void> {
    if (outcome === 'changed') return this.#outcomes.settleGone();
    if (outcome instanceof Error) return this.#outcomes.refused(record, outcome);
    this.#outcomes.delivered(toBase64Url(record.eventId), outcome);
  }

  async #size(): Promise<number> {
    return (await this.#parts.follower.current())?.cursor.size ?? 0;
  }
}

function closed(): UsageError {
  return new UsageError('session-closed', 'the session is closed');
}
