import { randomFillSync } from 'node:crypto';
import {
  decode,
  MAX_BYTES_IN_FLIGHT,
  MAX_OPEN_FRAME_BYTES,
  MAX_REQUESTS_IN_FLIGHT,
  OPEN_DEADLINE_MS,
  STREAM_MARK_BYTES,
  toBase64Url,
  type Codec,
} from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import { Backlog } from './backlog.ts';
import { Presence } from './presence.ts';
import type { Attachment, OpenSeat, Seat } from './seat.ts';

const CLOSE_NORMAL = 1000;
/**
 * Private-use close codes of RFC 6455 §7.4.2: the socket's own fault, the end of an actor's permission, a reader that is too
 * slow for what is new, and a history that an eviction cut off.
 */
const CLOSE_REFUSED = 4400;
const CLOSE_REMOVED = 4403;
const CLOSE_SLOW = 4408;
const CLOSE_INTERRUPTED = 4503;
const RETRY_AFTER_S = 5;

/** The first frame of every stream. */
interface OpenFrame {
  readonly kind: 'open';
  readonly value: { readonly ticket: Uint8Array; readonly cursor: number };
}

/** How far the reader came. */
interface ProgressFrame {
  readonly kind: 'progress';
  readonly value: { readonly mark: Uint8Array };
}

/** What sockets need of the object around them. */
export interface StreamHost {
  readonly ctx: DurableObjectState;
  clock(): number;
  /** Uses a ticket up; returns whose it was. */
  redeem(ticket: Uint8Array, origin: string): Uint8Array | undefined;
  scheduleSweep(dueAt: number): void;
}

export interface StreamLimits {
  /** Sockets that one object serves itself, unopened ones included; these make way for newer ones. */
  readonly maxSockets: number;
  /** Largest frame that a client may send once it has opened. */
  readonly maxFrameBytes: number;
}

/** A part of what is stored. */
export interface HistoryPage {
  /** Undefined where there is nothing from the place on that was asked for. */
  readonly frame: Uint8Array | undefined;
  /** Where the page after it begins. */
  readonly next: number;
  /** Why the actor may have nothing after it. */
  readonly ending?: RelayRefusal;
}

/** One socket in the memory of its object. Only the seat and the backlog are attached to it. */
interface Place {
  seat: Seat;
  readonly backlog: Backlog;
  requests: number;
  requestBytes: number;
}

/**
 * The live readers of one object (`SK1`–`SK11`): each opens with a ticket, gets history from its cursor as fast as it takes
 * it, one `caught-up`, then whatever is new. `Request` is what a client may send besides `open` and `progress`.
 */
export abstract class StreamSockets<Request extends { readonly kind: string }> {
  readonly #host: StreamHost;
  readonly #limits: StreamLimits;
  readonly #upFrame: Codec<OpenFrame | ProgressFrame | Request>;
  /** Attachments are the truth; reading them anew for every frame would cost more than sending. */
  readonly #places = new Map<WebSocket, Place>();
  readonly presence = new Presence();

  constructor(host: StreamHost, upFrame: Codec<OpenFrame | ProgressFrame | Request>, limits: StreamLimits) {
    this.#host = host;
    this.#upFrame = upFrame;
    this.#limits = limits;
    for (const socket of host.ctx.getWebSockets()) this.#restore(socket, socket.deserializeAttachment() as Attachment);
  }

  /** The next part of what the actor may have. */
  protected abstract history(actor: Uint8Array, from: number): HistoryPage | Promise<HistoryPage>;

  /** Whether nothing is stored from here on: what comes then is new. */
  protected abstract isCaughtUp(next: number): boolean;

  /** The marker between history and what is new. */
  protected abstract caughtUp(): Uint8Array;

  /** A request on an open socket. Resolves when it is answered. */
  protected abstract handle(socket: WebSocket, frame: Request, seat: OpenSeat): void | Promise<void>;

  /** A problem of the socket's own, encoded. */
  protected abstract problem(refusal: RelayRefusal): Uint8Array;

  /** A mark, encoded. */
  protected abstract mark(mark: Uint8Array): Uint8Array;

  /** Why an open socket's actor may no longer make requests. Asked at every message (`SK11`). */
  protected barred?(actor: Uint8Array): RelayRefusal | undefined;

  /** The actor of a base64url key reads from here on. */
  protected opened?(key: string): void;

  /** All sockets, unopened ones included. */
  get count(): number {
    return this.#places.size;
  }

  get openCount(): number {
    let count = 0;
    for (const { seat } of this.#places.values()) if (seat.stage !== 'unopened') count++;
    return count;
  }

  get hasLive(): boolean {
    return this.live().next().done === false;
  }

  accept(origin: string): Response {
    if (this.#places.size >= this.#limits.maxSockets && !this.#makeRoom()) {
      return new Response(null, { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.ctx.acceptWebSocket(server);
    const since = this.#host.clock();
    this.#admit(server, { seat: { stage: 'unopened', since, origin }, backlog: new Backlog() });
    this.#keep(server);
    this.#host.scheduleSweep(since + OPEN_DEADLINE_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Never rejects: a socket that something failed for is closed, since it can't know what it missed. */
  async receive(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    try {
      await this.#take(socket, data);
    } catch (cause) {
      this.#abandon(socket, cause);
    }
  }

  async #take(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    const place = this.#places.get(socket);
    if (place === undefined || place.seat.stage === 'leaving') return;
    if (typeof data === 'string') return this.refuse(socket, { code: 'unsupported-media-type' });
    // Length before anything else: a frame over the limit is never parsed.
    const limitBytes = place.seat.stage === 'unopened' ? MAX_OPEN_FRAME_BYTES : this.#limits.maxFrameBytes;
    if (data.byteLength > limitBytes) return this.refuse(socket, { code: 'body-too-large', limitBytes });
    const frame = decode(this.#upFrame, new Uint8Array(data));
    if (!frame.ok) return this.refuse(socket, { ...frame.error });
    if (isOpen(frame.value)) return this.#open(socket, place, frame.value);
    if (place.seat.stage === 'unopened') return this.refuse(socket, { code: 'open-first' });
    const barred = this.barred?.(place.seat.actor);
    // Who was removed may still take what came before.
    if (barred !== undefined && !(isProgress(frame.value) && place.seat.stage !== 'live'))
      return this.end(socket, barred);
    if (isProgress(frame.value)) return this.#advance(socket, place, frame.value);
    return this.#answer(socket, place, { request: frame.value, bytes: data.byteLength, seat: place.seat });
  }

  /** The client has closed. It waits for the relay to close as well (RFC 6455 §7.1.1), which no runtime does by itself. */
  closed(socket: WebSocket): void {
    this.close(socket, CLOSE_NORMAL, '');
  }

  leave(socket: WebSocket): void {
    const seat = this.#places.get(socket)?.seat;
    this.#places.delete(socket);
    if (seat !== undefined && isOpened(seat)) this.presence.leave(seat.key);
  }

  /** Job step: closes sockets that never opened. Returns when the next one is due. */
  sweep(now: number): number | undefined {
    let next: number | undefined;
    for (const [socket, { seat }] of this.#places) {
      if (seat.stage !== 'unopened') continue;
      const dueAt = seat.since + OPEN_DEADLINE_MS;
      if (dueAt <= now) this.refuse(socket, { code: 'open-first' });
      else next = Math.min(next ?? dueAt, dueAt);
    }
    return next;
  }

  /** Those who get what is new as it comes. */
  protected *live(): Generator<readonly [WebSocket, OpenSeat]> {
    for (const [socket, { seat }] of this.#places) if (seat.stage === 'live') yield [socket, seat];
  }

  /** What belongs together: a mark comes after all of it, so that nobody is asked in the middle of a flush. */
  protected send(socket: WebSocket, ...frames: readonly Uint8Array[]): void {
    const place = this.#places.get(socket);
    if (place === undefined || place.seat.stage === 'leaving') return;
    const { backlog } = place;
    try {
      for (const frame of frames) {
        if (backlog.isOverBound) return this.#retire(socket, place);
        socket.send(frame);
        backlog.add(frame.length);
      }
      if (backlog.isMarkDue) this.#putMark(socket, backlog);
      else if (backlog.isRecordDue) this.#keep(socket);
    } catch {
      // The peer is gone; the close event may still be on its way.
      this.leave(socket);
    }
  }

  protected close(socket: WebSocket, code: number, reason: string): void {
    this.leave(socket);
    try {
      socket.close(code, reason);
    } catch {
      // Closed already.
    }
  }

  /** Says what was wrong and closes. */
  protected refuse(socket: WebSocket, refusal: RelayRefusal): void {
    this.send(socket, this.problem(refusal));
    this.close(socket, CLOSE_REFUSED, refusal.code);
  }

  /** The actor's permission is over: says so and closes. */
  protected end(socket: WebSocket, refusal: RelayRefusal): void {
    this.send(socket, this.problem(refusal));
    this.close(socket, CLOSE_REMOVED, refusal.code);
  }

  /** Has a live reader take history again, for what is not everybody's. */
  protected rejoin(socket: WebSocket, from: number): void {
    this.#reseat(socket, { stage: 'history', from });
    this.#catchUp(socket, from).catch((cause: unknown) => this.#abandon(socket, cause));
  }

  /**
   * Handshakes need no ticket, so anybody could fill all places with them. Those who mean it send theirs at once: the
   * one that has waited longest makes way.
   */
  #makeRoom(): boolean {
    for (const [socket, { seat }] of this.#places) {
      if (seat.stage !== 'unopened') continue;
      this.refuse(socket, { code: 'too-many-subscribers' });
      return true;
    }
    return false;
  }

  #open(socket: WebSocket, place: Place, { value: { ticket, cursor } }: OpenFrame): Promise<void> | void {
    if (place.seat.stage !== 'unopened') return this.refuse(socket, { code: 'open-first' });
    const actor = this.#host.redeem(ticket, place.seat.origin);
    if (actor === undefined) return this.refuse(socket, { code: 'ticket-invalid' });
    const key = toBase64Url(actor);
    this.#admit(socket, { seat: { stage: 'history', actor, key, from: cursor }, backlog: place.backlog });
    this.#keep(socket);
    this.opened?.(key);
    return this.#catchUp(socket, cursor);
  }

  /** `SK10`: one socket holds no more of the object than this, however fast it asks. */
  async #answer(
    socket: WebSocket,
    place: Place,
    { request, bytes, seat }: { readonly request: Request; readonly bytes: number; readonly seat: OpenSeat },
  ): Promise<void> {
    const isTooMuch = place.requests >= MAX_REQUESTS_IN_FLIGHT || place.requestBytes + bytes > MAX_BYTES_IN_FLIGHT;
    if (isTooMuch) return this.refuse(socket, { code: 'too-many-in-flight' });
    place.requests += 1;
    place.requestBytes += bytes;
    try {
      await this.handle(socket, request, seat);
    } finally {
      place.requests -= 1;
      place.requestBytes -= bytes;
    }
  }

  #advance(socket: WebSocket, { seat, backlog }: Place, { value: { mark } }: ProgressFrame): Promise<void> | void {
    if (!backlog.report(mark)) return this.refuse(socket, { code: 'unknown-mark' });
    if (backlog.isMarkDue) this.#putMark(socket, backlog);
    else this.#keep(socket);
    if (seat.stage !== 'waiting' || backlog.fillsWindow) return;
    this.#reseat(socket, { stage: 'history', from: seat.from });
    return this.#catchUp(socket, seat.from);
  }

  #putMark(socket: WebSocket, backlog: Backlog): void {
    const mark = randomFillSync(new Uint8Array(STREAM_MARK_BYTES));
    backlog.put(mark);
    this.#keep(socket);
    socket.send(this.mark(mark));
  }

  /**
   * A page a turn, so that a long history holds up nobody, and no more than the reader has room for (`SK9`): no timer waits
   * for it, its next `progress` goes on. The last page, the marker and the switch to live leave in one turn, so nothing
   * that is new falls between.
   */
  async #catchUp(socket: WebSocket, cursor: number): Promise<void> {
    let from = cursor;
    for (;;) {
      const place = this.#places.get(socket);
      if (place?.seat.stage !== 'history') return;
      if (place.backlog.fillsWindow) return this.#reseat(socket, { stage: 'waiting', from });
      const asked = this.history(place.seat.actor, from);
      // Awaited only where it must be: in that time something new may come.
      const page = asked instanceof Promise ? await asked : asked;
      if (page.frame !== undefined) this.send(socket, page.frame);
      if (page.ending !== undefined) return this.end(socket, page.ending);
      from = page.next;
      if (this.isCaughtUp(from)) {
        this.send(socket, this.caughtUp());
        return this.#reseat(socket, { stage: 'live', from });
      }
      await scheduler.wait(0);
    }
  }

  /**
   * Closes a reader that is too slow. What was queued for it stays in memory until its connection ends, and so long it keeps
   * its place: else one member could leave such a queue behind again and again (`SK9`).
   */
  #retire(socket: WebSocket, place: Place): void {
    if (isOpened(place.seat)) this.presence.leave(place.seat.key);
    place.seat = { stage: 'leaving' };
    this.#keep(socket);
    socket.close(CLOSE_SLOW, 'slow-reader');
  }

  #abandon(socket: WebSocket, cause: unknown): void {
    reportIncident('stream-failed', cause);
    this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
  }

  /** A socket whose history was cut off by an eviction can't be told where: it reconnects with its own cursor. */
  #restore(socket: WebSocket, { seat, backlog }: Attachment): void {
    if (seat.stage === 'history') this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
    else this.#admit(socket, { seat, backlog: new Backlog(backlog) });
  }

  #admit(socket: WebSocket, { seat, backlog }: Pick<Place, 'seat' | 'backlog'>): void {
    this.#places.set(socket, { seat, backlog, requests: 0, requestBytes: 0 });
    if (isOpened(seat)) this.presence.enter(seat.key);
  }

  #reseat(socket: WebSocket, { stage, from }: Pick<OpenSeat, 'stage' | 'from'>): void {
    const place = this.#places.get(socket);
    if (place === undefined || !isOpened(place.seat)) return;
    place.seat = { ...place.seat, stage, from };
    this.#keep(socket);
  }

  #keep(socket: WebSocket): void {
    const place = this.#places.get(socket);
    if (place === undefined) return;
    socket.serializeAttachment({ seat: place.seat, backlog: place.backlog.record } satisfies Attachment);
  }
}

function isOpened(seat: Seat): seat is OpenSeat {
  return seat.stage !== 'unopened' && seat.stage !== 'leaving';
}

function isOpen(frame: { readonly kind: string }): frame is OpenFrame {
  return frame.kind === 'open';
}

function isProgress(frame: { readonly kind: string }): frame is ProgressFrame {
  return frame.kind === 'progress';
}
