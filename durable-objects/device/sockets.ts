import { mailboxUpFrame, type MailboxUpFrame } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { StreamSockets, type HistoryPage, type StreamHost } from '../sockets/stream-sockets.ts';
import { caughtUpFrame, itemsFrame, markFrame, problemFrame } from './frames.ts';
import type { Mailbox } from './mailbox.ts';

/** One device's own sockets, and handshakes of anyone who has yet to show a ticket. */
const MAX_SOCKETS = 64;
/** `Ack` and `Progress` have one size each, both well below. */
const MAX_FRAME_BYTES = 128;

type AckFrame = Extract<MailboxUpFrame, { readonly kind: 'ack' }>;

export interface MailboxSocketHost extends StreamHost {
  readonly mailbox: Mailbox;
}

/** A mailbox's live readers: each gets what waits from its cursor, and then every item as it comes (`MX9`). */
export class MailboxSockets extends StreamSockets<AckFrame> {
  readonly #mailbox: Mailbox;
  #ending: RelayRefusal | undefined;

  constructor(host: MailboxSocketHost) {
    super(host, mailboxUpFrame, { maxSockets: MAX_SOCKETS, maxFrameBytes: MAX_FRAME_BYTES });
    this.#mailbox = host.mailbox;
  }

  /** Sends a new item to all who are up to date; the others meet it in their history. */
  announce(sequence: number): void {
    let frame: Uint8Array | undefined;
    for (const [socket] of this.live()) {
      frame ??= itemsFrame(this.#mailbox.give(sequence));
      this.offer(socket, sequence, [frame]);
    }
  }

  /** Ends all readers, those too who are still at their history. */
  endAll(refusal: RelayRefusal): void {
    this.#ending = refusal;
    for (const [socket] of this.live()) this.end(socket, refusal);
  }

  protected override barred(): RelayRefusal | undefined {
    return this.#ending;
  }

  protected override history(_actor: Uint8Array, from: number): HistoryPage {
    if (this.#ending !== undefined) return { frame: undefined, next: from, ending: this.#ending };
    const page = this.#mailbox.give(from);
    return { frame: page.items.length > 0 ? itemsFrame(page) : undefined, next: page.next };
  }

  protected override isCaughtUp(next: number): boolean {
    return next > this.#mailbox.lastSequence;
  }

  protected override caughtUp(): Uint8Array {
    return caughtUpFrame(this.#mailbox.lastSequence + 1);
  }

  protected override handle(socket: WebSocket, { value: { upTo } }: AckFrame): void {
    const refusal = this.#mailbox.acknowledge(upTo);
    if (refusal !== undefined) this.refuse(socket, refusal);
  }

  protected override problem(refusal: RelayRefusal): Uint8Array {
    return problemFrame(refusal);
  }
  protected override mark(mark: Uint8Array): Uint8Array {
    return markFrame(mark);
  }
}
