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
  endOfReading,
  rosterOf,
  type ChainHead,
  type Flush,
  type NewEntry,
  type RelayRefusal,
} from '../../relay/index.ts';
import { countRateLimited } from '../metrics/isolate-measures.ts';
import type { OpenSeat } from '../sockets/seat.ts';
import { StreamSockets, type HistoryPage, type StreamHost } from '../sockets/stream-sockets.ts';
import { AnswerFrames } from './answer-frames.ts';
import { caughtUpFrame, entriesFrame, markFrame, problemFrame } from './frames.ts';

/** Sockets that one object serves itself. */
const MAX_SUBSCRIBERS = 1_000;

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
      if (hasRosterChanged && endOfReading(head.state, actor) !== undefined) {
        this.rejoin(socket, previous.size);
        continue;
      }
      frames ??= pagesOf(entries).map((page) => entriesFrame({ entries: page, checkpoint }));
      this.send(socket, ...frames);
    }
  }

  protected override history(actor: Uint8Array, from: number): HistoryPage {
    const { state, size } = this.#host.head();
    const end = endOfReading(state, actor);
    const known = Math.min(size, end ?? size);
    const page = from < known ? this.#host.page(from, Math.min(known, from + MAX_PAGE_ENTRIES), known) : undefined;
    const next = from + (page?.entries.length ?? 0);
    return {
      frame: page && entriesFrame(page),
      next,
      ...(end !== undefined && next >= end && { ending: removedAt(end) }),
    };
  }

  protected override isCaughtUp(next: number): boolean {
    return next >= this.#host.head().size;
  }

  protected override caughtUp(): Uint8Array {
    return caughtUpFrame(this.#host.head().size);
  }

  protected override async handle(
    socket: WebSocket,
    { value: { request, append } }: AppendFrame,
    { key }: OpenSeat,
  ): Promise<void> {
    const answer = await this.#host.append(append, key);
    if (answer.ok) this.#answers.add(socket, request, answer.value);
    else {
      countRateLimited(answer.error);
      this.send(socket, problemFrame(request, answer.error));
    }
  }

  protected override barred(actor: Uint8Array): RelayRefusal | undefined {
    const end = endOfReading(this.#host.head().state, actor);
    return end === undefined ? undefined : removedAt(end);
  }

  protected override opened(key: string): void {
    this.#host.arrived(key);
  }

  protected override problem(refusal: RelayRefusal): Uint8Array {
    return problemFrame(0, refusal);
  }

  protected override mark(mark: Uint8Array): Uint8Array {
    return markFrame(mark);
  }
}

function removedAt(end: number): RelayRefusal {
  return { code: 'actor-removed', at: Math.max(end - 1, 0) };
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
