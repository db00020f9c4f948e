import { fromBase64Url, MAX_PAYLOAD_BYTES, toBase64Url } from '../../core/index.ts';
import { Backoff } from '../backoff.ts';
import type { ChainFollower } from '../chain/chain-follower.ts';
import type { Delivery } from '../chain/chain-writer.ts';
import { NetworkError, passingAfter, UsageError, type TeraChatError } from '../errors.ts';
import { Mutex, untilAborted } from '../mutex.ts';
import type { Platform } from '../platform.ts';
import { isVerdict, tooLarge, type MessageSender, type SentMessage } from './message-sender.ts';
import { MAX_OUTGOING_MESSAGES, type Outbox, type OutboxRecord, type SealedRecord } from './outbox.ts';
import type { OutgoingFeed } from './outgoing-feed.ts';
import type { OutgoingMessage } from './outgoing.ts';
import type { Timeline } from './timeline.ts';

/** Messages that leave in one request: half a MiB at most. */
const MAX_SENT_AT_ONCE = 32;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

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
  /** By event id, base64url: who wants to know at once what becomes of a message. */
  readonly #awaited = new Map<string, Waiting<Delivery>>();
  /** Who waits until everything was tried once. */
  readonly #flushing = new Set<Waiting<void>>();
  #isRunning = false;
  #isSending = false;
  /** Rises with every reason to look into the outbox again. */
  #calls = 0;
  /** Rises with every reason not to wait until then. */
  #hurries = 0;
  #endPause = (): void => undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    // What is being sent is settled by its receipt: a false one must not go unnoticed because the log shows the message.
    parts.follower.onAdvance(() => void (this.#isSending || this.#settleGone()));
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
        this.#awaited.set(eventId, waiting as Waiting<Delivery>);
      });
      this.hurry();
      return await untilAborted(outcome, signal);
    } finally {
      this.#awaited.delete(eventId);
    }
  }

  /** Tries to send everything now. Rejects with what ended the attempt. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const round = new Promise<void>((resolve, reject) => this.#flushing.add({ resolve, reject }));
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
    if (isCancelled) this.#cancelled(eventId);
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
    this.#calls += 1;
    if (this.#isRunning || this.#stop.signal.aborted) return this.#endIfClosed();
    this.#isRunning = true;
    void this.#run();
  }

  /** The same without waiting for a pause to end: something says that the relay may answer. */
  hurry(): void {
    this.#hurries += 1;
    this.start();
    this.#endPause();
  }

  close(): void {
    this.#stop.abort(new DOMException('the session is closed', 'AbortError'));
    this.#endIfClosed();
  }

  #endIfClosed(): void {
    if (this.#stop.signal.aborted) this.#disappoint(closed());
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

  /** Never rejects: whoever waits is told what happened, and what is kept is not lost by it. */
  async #run(): Promise<void> {
    const { platform } = this.#parts;
    const { signal } = this.#stop;
    const backoff = new Backoff(platform);
    for (;;) {
      const calls = this.#calls;
      const hurries = this.#hurries;
      let pauseMs: number | undefined;
      try {
        await this.#sendAll(() => backoff.reset());
        await this.#settleGone();
        if (this.#calls !== calls) continue;
        for (const { resolve } of this.#flushing) resolve();
        this.#flushing.clear();
        break;
      } catch (error) {
        pauseMs = passingAfter(error);
        if (pauseMs === undefined) await this.#withdrawAwaited(error);
        if (!signal.aborted) this.#disappoint(error);
      }
      if (signal.aborted || (pauseMs === undefined && this.#calls === calls)) break;
      await this.#settleGone();
      if (pauseMs !== undefined) await this.#pause(backoff.next(pauseMs), hurries);
    }
    this.#isRunning = false;
  }

  async #pause(ms: number, hurries: number): Promise<void> {
    if (this.#hurries !== hurries) return;
    const early = new AbortController();
    this.#endPause = () => early.abort();
    const ended = AbortSignal.any([early.signal, this.#stop.signal]);
    await this.#parts.platform.delay(ms, ended).catch(() => undefined);
    this.#endPause = () => undefined;
  }

  async #sendAll(onGood: () => void): Promise<void> {
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
      onGood();
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
    if (outcome === 'changed') return this.#settleGone();
    if (!(outcome instanceof Error)) return this.#deliver(toBase64Url(record.eventId), outcome);
    return this.#refuse(record, outcome);
  }

  #deliver(eventId: string, delivery: Delivery): void {
    this.#parts.feed.settle(eventId, { kind: 'delivered', ...delivery });
    this.#awaited.get(eventId)?.resolve(delivery);
  }

  #cancelled(eventId: string): void {
    this.#parts.feed.settle(eventId, { kind: 'cancelled' });
    this.#awaited.get(eventId)?.reject(new UsageError('message-cancelled', `message ${eventId} was cancelled`));
  }

  /** Whoever waits is told and has the content; else the message stays, so that it is not lost without a word. */
  async #refuse(record: OutboxRecord, error: TeraChatError): Promise<void> {
    const { outbox, feed } = this.#parts;
    const eventId = toBase64Url(record.eventId);
    if (!(await outbox.fail(record, error.code, error.message))) return this.#settleGone();
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
  async #withdrawAwaited(error: unknown): Promise<void> {
    const { outbox, feed } = this.#parts;
    for (const [eventId, { reject }] of this.#awaited) {
      const isWithdrawn = await outbox.cancel(parseEventId(eventId)).catch(() => undefined);
      if (isWithdrawn === true) feed.settle(eventId, { kind: 'cancelled' });
      reject(isWithdrawn === false ? stillKept(error) : error);
      this.#awaited.delete(eventId);
    }
  }

  #disappoint(error: unknown): void {
    for (const { reject } of [...this.#awaited.values(), ...this.#flushing]) reject(error);
    this.#awaited.clear();
    this.#flushing.clear();
  }

  /** Finds what became of messages that are kept no longer: the log showed them, or another process cancelled them. */
  async #settleGone(): Promise<void> {
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
        if (place === undefined) this.#cancelled(id);
        else this.#deliver(id, place);
      }
    } catch {
      // The storage is closed or broken; whoever uses it next is told.
    }
  }

  /** What another process failed while somebody waits for it here is tried here, so that they hear why themselves. */
  async #takeBackFailed(): Promise<void> {
    for (const eventId of this.#awaited.keys()) {
      if (await this.#parts.outbox.requeue(parseEventId(eventId))) this.#calls += 1;
    }
  }

  async #size(): Promise<number> {
    return (await this.#parts.follower.current())?.cursor.size ?? 0;
  }
}

function closed(): UsageError {
  return new UsageError('session-closed', 'the session is closed');
}

/** The log may show it yet, whatever ended the attempt. */
function stillKept(cause: unknown): NetworkError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NetworkError('unreachable', `what became of the message is not known: ${reason}`, cause);
}

function parseEventId(text: string): Uint8Array {
  const id = fromBase64Url(text);
  if (id === undefined) throw new TypeError(`no event id: ${text}`);
  return id;
}
