import { toBase64Url } from '../../core/index.ts';
import { untilAborted } from '../mutex.ts';
import type { OutboxRecord } from './outbox.ts';
import { stateOf, viewOutgoing, type DeliveryState, type OutgoingMessage } from './outgoing.ts';

/** Changes that one slow watcher may have to come; the oldest are left out, and what they led to is in the timeline. */
const MAX_UNSEEN_CHANGES = 2_000;

/** A message that is under way, and where in the log it can't have been before. */
export interface UnderWay {
  readonly message: OutgoingMessage;
  readonly since: number;
}

type Listener = (message: OutgoingMessage) => void;

/** What this process knows of messages under way, and whom it tells when that changes. */
export class OutgoingFeed {
  /** By event id, base64url. */
  readonly underWay = new Map<string, UnderWay>();
  readonly #listeners = new Set<Listener>();

  /** Takes note of a message as it is kept; `since` is a size that the log had before it was looked at. */
  note(record: OutboxRecord, since: number): OutgoingMessage {
    const message = viewOutgoing(record, stateOf(record));
    const known = this.underWay.get(message.eventId);
    this.underWay.set(message.eventId, { message, since: known?.since ?? since });
    if (known?.message.state.kind !== message.state.kind) this.#tell(message);
    return message;
  }

  /** The end of a message; nothing that comes after it counts. */
  settle(eventId: Uint8Array | string, state: DeliveryState): void {
    const id = typeof eventId === 'string' ? eventId : toBase64Url(eventId);
    const known = this.underWay.get(id);
    if (known === undefined) return;
    this.underWay.delete(id);
    this.#tell({ ...known.message, state });
  }

  /** Calls `listener` with every change. Returns the way to end that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What `list` gives, and then each change; of several changes of one message that nobody saw, the last. */
  async *watch(
    list: () => Promise<readonly OutgoingMessage[]>,
    signal: AbortSignal | undefined,
    closed: AbortSignal,
  ): AsyncGenerator<OutgoingMessage, void, undefined> {
    const unseen = new Map<string, OutgoingMessage>();
    let wake = (): void => undefined;
    const stop = this.onChange((message) => {
      unseen.delete(message.eventId);
      unseen.set(message.eventId, message);
      if (unseen.size > MAX_UNSEEN_CHANGES) unseen.delete([...unseen.keys()][0] as string);
      wake();
    });
    const onClose = (): void => wake();
    closed.addEventListener('abort', onClose);
    try {
      for (const message of await list()) {
        const newer = unseen.get(message.eventId);
        unseen.delete(message.eventId);
        yield newer ?? message;
      }
      while (!closed.aborted) {
        signal?.throwIfAborted();
        const [next] = unseen.values();
        if (next === undefined) {
          await untilAborted(new Promise<void>((resolve) => (wake = resolve)), signal);
        } else {
          unseen.delete(next.eventId);
          yield next;
        }
      }
    } finally {
      closed.removeEventListener('abort', onClose);
      stop();
    }
  }

  #tell(message: OutgoingMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
