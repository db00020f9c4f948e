import {
  chainUpFrame,
  MAX_APPEND_BYTES,
  MAX_PAGE_ENTRIES,
  type AppendAnswer,
  type AppendRequest,
  type ChainUpFrame,
  type EntryPage,
  type Result,
} from '../../core/index.ts';
import { knownSize, rosterOf, type ChainHead, type Flush, type RelayRefusal } from '../../relay/index.ts';
import type { OpenSeat } from '../sockets/seat.ts';
import { StreamSockets, type HistoryPage, type StreamHost } from '../sockets/stream-sockets.ts';
import { appendedFrame, caughtUpFrame, entriesFrame, problemFrame } from './frames.ts';

/** Sockets that one object serves itself. */
const MAX_SUBSCRIBERS = 1_000;
/** Private-use close code of RFC 6455 §7.4.2: the end of an actor's permission. */
const CLOSE_REMOVED = 4403;

type AppendFrame = Extract<ChainUpFrame, { readonly kind: 'append' }>;

export interface ChainSocketHost extends StreamHost {
  head(): ChainHead;
  page(from: number, end: number, knownSize: number): EntryPage;
  append(request: AppendRequest): Promise<Result<AppendAnswer, RelayRefusal>>;
  arrived(key: string): void;
}

/** A chain's live readers: each gets the log from its cursor, and then every flush as one frame. */
export class ChainSockets extends StreamSockets<AppendFrame> {
  readonly #host: ChainSocketHost;

  constructor(host: ChainSocketHost) {
    super(host, chainUpFrame, { maxSockets: MAX_SUBSCRIBERS, maxFrameBytes: MAX_APPEND_BYTES });
    this.#host = host;
  }

  /** One frame for all who may read the whole flush; those whose reading ends inside it get their part and are closed. */
  announce({ head, entries }: Flush, checkpoint: string, previous: ChainHead): void {
    const page = {
      entries: entries.map(({ entry, payload }) => ({ entry, payload: payload?.bytes })),
      checkpoint,
    };
    const frame = entriesFrame(page);
    const hasRosterChanged = rosterOf(previous.state) !== rosterOf(head.state);
    for (const [socket, { actor }] of this.live()) {
      const known = hasRosterChanged ? knownSize(head.state, head.size, actor) : head.size;
      if (known === head.size) this.send(socket, frame);
      else this.#end(socket, previous.size, known);
    }
  }

  protected override history(actor: Uint8Array, from: number): HistoryPage | undefined {
    const { state, size } = this.#host.head();
    const known = knownSize(state, size, actor);
    if (from >= known) return undefined;
    const page = this.#host.page(from, Math.min(known, from + MAX_PAGE_ENTRIES), known);
    const next = from + page.entries.length;
    return { frame: entriesFrame(page), next, isLast: next >= known };
  }

  protected override caughtUp(socket: WebSocket, { actor }: OpenSeat): Uint8Array | undefined {
    const { state, size } = this.#host.head();
    const known = knownSize(state, size, actor);
    if (known >= size) return caughtUpFrame(size);
    this.#end(socket, known, known);
    return undefined;
  }

  protected override async handle(socket: WebSocket, { value: { request, append } }: AppendFrame): Promise<void> {
    const answer = await this.#host.append(append);
    this.send(socket, answer.ok ? appendedFrame(request, answer.value) : problemFrame(request, answer.error));
  }

  protected override opened(key: string): void {
    this.#host.arrived(key);
  }

  protected override problem(refusal: RelayRefusal): Uint8Array {
    return problemFrame(0, refusal);
  }

  /** Sends what is left up to `known` and closes: the actor's reading ends there. */
  #end(socket: WebSocket, from: number, known: number): void {
    if (from < known) this.send(socket, entriesFrame(this.#host.page(from, known, known)));
    this.send(socket, problemFrame(0, { code: 'actor-removed', at: Math.max(known - 1, 0) }));
    this.close(socket, CLOSE_REMOVED, 'actor-removed');
  }
}
