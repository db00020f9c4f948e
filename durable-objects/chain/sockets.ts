import {
  chainUpFrame,
  MAX_APPEND_BYTES,
  MAX_STREAM_SOCKETS,
  toBase64Url,
  type AppendAnswer,
  type AppendRequest,
  type ChainUpFrame,
  type Result,
} from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { countRateLimited } from '../metrics/isolate-measures.ts';
import type { OpenSeat } from '../sockets/seat.ts';
import { StreamSockets, type HistoryPage, type StreamHost } from '../sockets/stream-sockets.ts';
import { AnswerFrames } from './answer-frames.ts';
import { caughtUpFrame, markFrame, problemFrame } from './frames.ts';
import type { Passage } from './passage.ts';

type AppendFrame = Extract<ChainUpFrame, { readonly kind: 'append' }>;

/** The log as its readers' object has it: a chain's own, or a share's view of it. */
export interface ChainSocketHost extends StreamHost {
  /** Entries that live readers were given. */
  size(): number;
  /** The next part of the first `size()` entries. */
  history(actor: Uint8Array, from: number): HistoryPage | Promise<HistoryPage>;
  append(request: AppendRequest, seat: OpenSeat): Promise<Result<AppendAnswer, RelayRefusal>>;
  /** Why this actor reads and appends no more, as far as it is known here. */
  barred(actor: Uint8Array): RelayRefusal | undefined;
  arrived(key: string): void;
}

/** Live readers of a chain: each gets the log from its cursor, and then every flush as one frame. */
export class ChainSockets extends StreamSockets<AppendFrame> {
  readonly #host: ChainSocketHost;
  readonly #answers = new AnswerFrames<WebSocket>((socket, frame) => this.send(socket, frame));

  constructor(host: ChainSocketHost) {
    super(host, chainUpFrame, { maxSockets: MAX_STREAM_SOCKETS, maxFrameBytes: MAX_APPEND_BYTES });
    this.#host = host;
  }

  /** The same frames for all who may read the whole flush; whose reading ends inside it get their part and are closed. */
  announce({ first, frames, ended }: Passage): void {
    const leaving = new Set(ended.map(toBase64Url));
    for (const [socket, { key }] of this.live()) {
      if (leaving.has(key)) this.rejoin(socket, first);
      else this.offer(socket, first, frames);
    }
  }

  protected override history(actor: Uint8Array, from: number): HistoryPage | Promise<HistoryPage> {
    return this.#host.history(actor, from);
  }

  protected override isCaughtUp(next: number): boolean {
    return next >= this.#host.size();
  }

  protected override caughtUp(): Uint8Array {
    return caughtUpFrame(this.#host.size());
  }

  protected override async handle(socket: WebSocket, { value }: AppendFrame, seat: OpenSeat): Promise<void> {
    const answer = await this.#host.append(value.append, seat);
    if (answer.ok) return this.#answers.add(socket, value.request, answer.value);
    countRateLimited(answer.error);
    if (answer.error.code === 'actor-removed') this.end(socket, answer.error);
    else this.send(socket, problemFrame(value.request, answer.error));
  }

  protected override barred(actor: Uint8Array): RelayRefusal | undefined {
    return this.#host.barred(actor);
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
