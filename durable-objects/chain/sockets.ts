import {
  chainUpFrame,
  MAX_APPEND_BYTES,
  MAX_PAGE_BYTES,
  MAX_PAGE_ENTRIES,
  type AppendAnswer,
  type AppendRequest,
  type ChainUpFrame,
  type EntryPage,
  type LoggedEntry,
  type Result,
} from '../../core/index.ts';
import {
  knownSize,
  rosterOf,
  type ChainHead,
  type Flush,
  type NewEntry,
  type RelayRefusal,
} from '../../relay/index.ts';
import type { OpenSeat } from '../sockets/seat.ts';
import { StreamSockets, type HistoryPage, type StreamHost } from '../sockets/stream-sockets.ts';
import { AnswerFrames } from './answer-frames.ts';
import { caughtUpFrame, entriesFrame, problemFrame } from './frames.ts';

/** Sockets that one object serves itself. */
const MAX_SUBSCRIBERS = 1_000;
/** Private-use close code of RFC 6455 §7.4.2: the end of an actor's permission. */
const CLOSE_REMOVED = 4403;

type AppendFrame = Extract<ChainUpFrame, { readonly kind: 'append' }>;

export interface ChainSocketHost extends StreamHost {
  head(): ChainHead;
  page(from: number, end: number, knownSize: number): EntryPage;
  append(request: AppendRequest, actor: string): Promise<Result<AppendAnswer, RelayRefusal>>;
  arrived(key: string): void;
}

/** A chain's live readers: each gets the log from its cursor, and then every flush as one frame. */
export class ChainSockets extends StreamSockets<AppendFrame> {
  readonly #host: ChainSocketHost;
  readonly #answers = new AnswerFrames<WebSocket>((socket, frame) => this.send(socket, frame));

  constructor(host: ChainSocketHost) {
    super(host, chainUpFrame, { maxSockets: MAX_SUBSCRIBERS, maxFrameBytes: MAX_APPEND_BYTES });
    this.#host = host;
  }

  /** The same frames for all who may read the whole flush; whose reading ends inside it get their part and are closed. */
  announce({ head, entries }: Flush, checkpoint: string, previous: ChainHead): void {
    let frames: readonly Uint8Array[] | undefined;
    const hasRosterChanged = rosterOf(previous.state) !== rosterOf(head.state);
    for (const [socket, { actor }] of this.live()) {
      const known = hasRosterChanged ? knownSize(head.state, head.size, actor) : head.size;
      if (known < head.size) {
        this.#end(socket, previous.size, known);
        continue;
      }
      frames ??= pagesOf(entries).map((page) => entriesFrame({ entries: page, checkpoint }));
      for (const frame of frames) this.send(socket, frame);
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

  protected override async handle(
    socket: WebSocket,
    { value: { request, append } }: AppendFrame,
    { key }: OpenSeat,
  ): Promise<void> {
    const answer = await this.#host.append(append, key);
    if (answer.ok) this.#answers.add(socket, request, answer.value);
    else this.send(socket, problemFrame(request, answer.error));
  }

  protected override opened(key: string): void {
    this.#host.arrived(key);
  }

  protected override problem(refusal: RelayRefusal): Uint8Array {
    return problemFrame(0, refusal);
  }

  /** Sends what is left up to `known` and closes: the actor's reading ends there. */
  #end(socket: WebSocket, from: number, known: number): void {
    for (let next = from; next < known;) {
      const page = this.#host.page(next, Math.min(known, next + MAX_PAGE_ENTRIES), known);
      this.send(socket, entriesFrame(page));
      next += page.entries.length;
    }
    this.send(socket, problemFrame(0, { code: 'actor-removed', at: Math.max(known - 1, 0) }));
    this.close(socket, CLOSE_REMOVED, 'actor-removed');
  }
}

/** A flush in pieces that a frame can hold. What came together in one turn may be many times as much. */
function pagesOf(entries: readonly NewEntry[]): readonly (readonly LoggedEntry[])[] {
  const pages: LoggedEntry[][] = [];
  let bytes = Infinity;
  for (const { entry, payload } of entries) {
    const entryBytes = entry.length + (payload?.bytes.length ?? 0);
    const isFull = bytes + entryBytes > MAX_PAGE_BYTES || pages.at(-1)?.length === MAX_PAGE_ENTRIES;
    if (isFull) pages.push([]);
    bytes = isFull ? entryBytes : bytes + entryBytes;
    pages.at(-1)?.push({ entry, payload: payload?.bytes });
  }
  return pages;
}
