import {
  chainUpFrame,
  decode,
  MAX_APPEND_BYTES,
  MAX_PAGE_ENTRIES,
  OPEN_DEADLINE_MS,
  toBase64Url,
  type AppendAnswer,
  type AppendRequest,
  type EntryPage,
  type Result,
} from '../../core/index.ts';
import { knownSize, rosterOf, type ChainHead, type Flush, type RelayRefusal } from '../../relay/index.ts';
import { appendedFrame, caughtUpFrame, entriesFrame, problemFrame } from './frames.ts';

/** Sockets that one object serves itself. */
const MAX_SUBSCRIBERS = 1_000;
/** Private-use close codes of RFC 6455 §7.4.2: the socket's own fault, and the end of its actor's permission. */
const CLOSE_REFUSED = 4400;
const CLOSE_REMOVED = 4403;
const CLOSE_INTERRUPTED = 4503;

/** What a socket is; kept with it through hibernation. */
type Seat =
  | { readonly stage: 'unopened'; readonly since: number; readonly origin: string }
  /** `history` while it catches up; `live` once it has everything that is stored. */
  | { readonly stage: 'history' | 'live'; readonly actor: Uint8Array; readonly key: string };

export interface SocketHost {
  readonly ctx: DurableObjectState;
  clock(): number;
  head(): ChainHead;
  page(from: number, end: number, knownSize: number): EntryPage;
  redeem(ticket: Uint8Array, origin: string): Uint8Array | undefined;
  append(request: AppendRequest): Promise<Result<AppendAnswer, RelayRefusal>>;
  arrived(key: string): void;
  scheduleSweep(dueAt: number): void;
}

/** A chain's live readers (`SK1`–`SK6`). Each gets history from its cursor, one `caught-up`, then every flush as one frame. */
export class ChainSockets {
  readonly #host: SocketHost;
  /** Attachments are the truth; reading them anew for every flush would cost more than sending. */
  readonly #seats = new Map<WebSocket, Seat>();
  readonly #present = new Map<string, number>();

  constructor(host: SocketHost) {
    this.#host = host;
    for (const socket of host.ctx.getWebSockets()) this.#restore(socket, socket.deserializeAttachment() as Seat);
  }

  isPresent(key: string): boolean {
    return this.#present.has(key);
  }

  accept(origin: string): Response {
    if (this.#seats.size >= MAX_SUBSCRIBERS)
      return new Response(null, { status: 503, headers: { 'retry-after': '5' } });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.ctx.acceptWebSocket(server);
    const since = this.#host.clock();
    this.#place(server, { stage: 'unopened', since, origin });
    this.#host.scheduleSweep(since + OPEN_DEADLINE_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  async receive(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    const seat = this.#seats.get(socket);
    if (seat === undefined) return;
    // Length before anything else: a frame over the limit is never parsed.
    if (typeof data === 'string' || data.byteLength > MAX_APPEND_BYTES) return this.#refuse(socket, 'body-too-large');
    const frame = decode(chainUpFrame, new Uint8Array(data));
    if (!frame.ok) return this.#refuse(socket, 'malformed');
    if (frame.value.kind === 'open') return this.#open(socket, seat, frame.value.value);
    if (seat.stage === 'unopened') return this.#refuse(socket, 'open-first');
    const { request, append } = frame.value.value;
    const answer = await this.#host.append(append);
    this.#send(socket, answer.ok ? appendedFrame(request, answer.value) : problemFrame(request, answer.error));
  }

  leave(socket: WebSocket): void {
    const seat = this.#seats.get(socket);
    this.#seats.delete(socket);
    if (seat === undefined || seat.stage === 'unopened') return;
    const left = (this.#present.get(seat.key) ?? 1) - 1;
    if (left > 0) this.#present.set(seat.key, left);
    else this.#present.delete(seat.key);
  }

  /** One frame for all who may read the whole flush; those whose reading ends inside it get their part and are closed. */
  announce({ head, entries }: Flush, checkpoint: string, previous: ChainHead): void {
    const page = {
      entries: entries.map(({ entry, payload }) => ({ entry, payload: payload?.bytes })),
      checkpoint,
    };
    const frame = entriesFrame(page);
    const hasRosterChanged = rosterOf(previous.state) !== rosterOf(head.state);
    for (const [socket, seat] of this.#seats) {
      if (seat.stage !== 'live') continue;
      const known = hasRosterChanged ? knownSize(head.state, head.size, seat.actor) : head.size;
      if (known === head.size) this.#send(socket, frame);
      else this.#end(socket, previous.size, known);
    }
  }

  /** Job step: closes sockets that never opened. Returns when the next one is due. */
  sweep(now: number): number | undefined {
    let next: number | undefined;
    for (const [socket, seat] of this.#seats) {
      if (seat.stage !== 'unopened') continue;
      const dueAt = seat.since + OPEN_DEADLINE_MS;
      if (dueAt <= now) this.#refuse(socket, 'open-first');
      else next = Math.min(next ?? dueAt, dueAt);
    }
    return next;
  }

  async #open(
    socket: WebSocket,
    seat: Seat,
    open: { readonly ticket: Uint8Array; readonly cursor: number },
  ): Promise<void> {
    if (seat.stage !== 'unopened') return this.#refuse(socket, 'open-first');
    const actor = this.#host.redeem(open.ticket, seat.origin);
    if (actor === undefined) return this.#refuse(socket, 'ticket-invalid');
    const key = toBase64Url(actor);
    this.#place(socket, { stage: 'history', actor, key });
    this.#host.arrived(key);
    await this.#sendHistory(socket, actor, open.cursor);
    const next = this.#host.head().size;
    if (!this.#seats.has(socket)) return;
    // The last page and the marker leave in one turn with the switch to live, so no flush falls between.
    this.#send(socket, caughtUpFrame(next));
    this.#store(socket, { stage: 'live', actor, key });
  }

  /** A page a turn, so that a long history holds up nobody. Ends in the turn in which nothing is left. */
  async #sendHistory(socket: WebSocket, actor: Uint8Array, cursor: number): Promise<void> {
    let from = cursor;
    while (this.#seats.has(socket)) {
      const { state, size } = this.#host.head();
      const known = knownSize(state, size, actor);
      if (from >= known) {
        if (known < size) this.#end(socket, known, known);
        return;
      }
      const page = this.#host.page(from, Math.min(known, from + MAX_PAGE_ENTRIES), known);
      this.#send(socket, entriesFrame(page));
      from += page.entries.length;
      if (from < known) await scheduler.wait(0);
    }
  }

  /** Sends what is left up to `known` and closes: the actor's reading ends there. */
  #end(socket: WebSocket, from: number, known: number): void {
    if (from < known) this.#send(socket, entriesFrame(this.#host.page(from, known, known)));
    this.#send(socket, problemFrame(0, { code: 'actor-removed', at: Math.max(known - 1, 0) }));
    this.#close(socket, CLOSE_REMOVED, 'actor-removed');
  }

  #refuse(socket: WebSocket, code: 'body-too-large' | 'malformed' | 'open-first' | 'ticket-invalid'): void {
    this.#send(socket, problemFrame(0, { code }));
    this.#close(socket, CLOSE_REFUSED, code);
  }

  /** A socket whose history was cut off by an eviction can't be told where: it reconnects with its own cursor. */
  #restore(socket: WebSocket, seat: Seat): void {
    if (seat.stage === 'history') this.#close(socket, CLOSE_INTERRUPTED, 'unavailable');
    else this.#seat(socket, seat);
  }

  #seat(socket: WebSocket, seat: Seat): void {
    this.#seats.set(socket, seat);
    if (seat.stage !== 'unopened') this.#present.set(seat.key, (this.#present.get(seat.key) ?? 0) + 1);
  }

  #place(socket: WebSocket, seat: Seat): void {
    socket.serializeAttachment(seat);
    this.#seat(socket, seat);
  }

  #store(socket: WebSocket, seat: Seat): void {
    socket.serializeAttachment(seat);
    this.#seats.set(socket, seat);
  }

  #send(socket: WebSocket, frame: Uint8Array): void {
    try {
      socket.send(frame);
    } catch {
      // The peer is gone; the close event may still be on its way.
      this.leave(socket);
    }
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    this.leave(socket);
    try {
      socket.close(code, reason);
    } catch {
      // Closed already.
    }
  }
}
