import { decode, OPEN_DEADLINE_MS, toBase64Url, type Codec } from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import type { OpenSeat, Seat } from './seat.ts';

const CLOSE_NORMAL = 1000;
/** Private-use close codes of RFC 6455 §7.4.2: the socket's own fault, and a history that an eviction cut off. */
const CLOSE_REFUSED = 4400;
const CLOSE_INTERRUPTED = 4503;
const RETRY_AFTER_S = 5;

/** The first frame of every stream. */
interface OpenFrame {
  readonly kind: 'open';
  readonly value: { readonly ticket: Uint8Array; readonly cursor: number };
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
  /** Largest frame that a client may send. */
  readonly maxFrameBytes: number;
}

/** A part of what is stored, as one frame. */
export interface HistoryPage {
  readonly frame: Uint8Array;
  /** Where the page after it begins. */
  readonly next: number;
  /** Nothing is left after it. */
  readonly isLast: boolean;
}

/**
 * The live readers of one object (`SK1`–`SK6`): each opens with a ticket, gets history from its cursor, one `caught-up`,
 * then whatever is new. `UpFrame` is what a client may send besides `open`.
 */
export abstract class StreamSockets<UpFrame extends { readonly kind: string }> {
  readonly #host: StreamHost;
  readonly #limits: StreamLimits;
  readonly #upFrame: Codec<OpenFrame | UpFrame>;
  /** Attachments are the truth; reading them anew for every frame would cost more than sending. */
  readonly #seats = new Map<WebSocket, Seat>();
  readonly #present = new Map<string, number>();

  constructor(host: StreamHost, upFrame: Codec<OpenFrame | UpFrame>, limits: StreamLimits) {
    this.#host = host;
    this.#upFrame = upFrame;
    this.#limits = limits;
    for (const socket of host.ctx.getWebSockets()) this.#restore(socket, socket.deserializeAttachment() as Seat);
  }

  /** The next part of what the actor may have, or undefined when there is nothing from `from` on. */
  protected abstract history(actor: Uint8Array, from: number): HistoryPage | undefined;

  /** The marker between history and what is new. Undefined where the actor's reading ends here and the socket was closed. */
  protected abstract caughtUp(socket: WebSocket, seat: OpenSeat): Uint8Array | undefined;

  /** A frame on an open socket. */
  protected abstract handle(socket: WebSocket, frame: UpFrame, seat: OpenSeat): void | Promise<void>;

  /** A problem of the socket's own, encoded. */
  protected abstract problem(refusal: RelayRefusal): Uint8Array;

  /** The actor of a base64url key reads from here on. */
  protected opened?(key: string): void;

  isPresent(key: string): boolean {
    return this.#present.has(key);
  }

  accept(origin: string): Response {
    if (this.#seats.size >= this.#limits.maxSockets && !this.#makeRoom()) {
      return new Response(null, { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.ctx.acceptWebSocket(server);
    const since = this.#host.clock();
    this.#enter(server, { stage: 'unopened', since, origin });
    this.#host.scheduleSweep(since + OPEN_DEADLINE_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Never rejects: a socket that something failed for is closed, since it can't know what it missed. */
  async receive(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    try {
      await this.#take(socket, data);
    } catch (cause) {
      reportIncident('stream-failed', cause);
      this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
    }
  }

  async #take(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    const seat = this.#seats.get(socket);
    if (seat === undefined) return;
    // Length before anything else: a frame over the limit is never parsed.
    const isTooLarge = typeof data === 'string' || data.byteLength > this.#limits.maxFrameBytes;
    if (isTooLarge) return this.refuse(socket, { code: 'body-too-large' });
    const frame = decode(this.#upFrame, new Uint8Array(data));
    if (!frame.ok) return this.refuse(socket, { code: 'malformed' });
    if (isOpen(frame.value)) return this.#open(socket, seat, frame.value);
    if (seat.stage === 'unopened') return this.refuse(socket, { code: 'open-first' });
    return this.handle(socket, frame.value, seat);
  }

  /** The client has closed. It waits for the relay to close as well (RFC 6455 §7.1.1), which no runtime does by itself. */
  closed(socket: WebSocket): void {
    this.close(socket, CLOSE_NORMAL, '');
  }

  leave(socket: WebSocket): void {
    const seat = this.#seats.get(socket);
    this.#seats.delete(socket);
    if (seat === undefined || seat.stage === 'unopened') return;
    const left = (this.#present.get(seat.key) ?? 1) - 1;
    if (left > 0) this.#present.set(seat.key, left);
    else this.#present.delete(seat.key);
  }

  /** Job step: closes sockets that never opened. Returns when the next one is due. */
  sweep(now: number): number | undefined {
    let next: number | undefined;
    for (const [socket, seat] of this.#seats) {
      if (seat.stage !== 'unopened') continue;
      const dueAt = seat.since + OPEN_DEADLINE_MS;
      if (dueAt <= now) this.refuse(socket, { code: 'open-first' });
      else next = Math.min(next ?? dueAt, dueAt);
    }
    return next;
  }

  /** Those who get what is new as it comes. */
  protected *live(): Generator<readonly [WebSocket, OpenSeat]> {
    for (const [socket, seat] of this.#seats) if (seat.stage === 'live') yield [socket, seat];
  }

  protected send(socket: WebSocket, frame: Uint8Array): void {
    try {
      socket.send(frame);
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

  /**
   * Handshakes need no ticket, so anybody could fill all places with them. Those who mean it send theirs at once: the
   * one that has waited longest makes way.
   */
  #makeRoom(): boolean {
    for (const [socket, { stage }] of this.#seats) {
      if (stage !== 'unopened') continue;
      this.refuse(socket, { code: 'too-many-subscribers' });
      return true;
    }
    return false;
  }

  #open(socket: WebSocket, seat: Seat, { value: { ticket, cursor } }: OpenFrame): Promise<void> | void {
    if (seat.stage !== 'unopened') return this.refuse(socket, { code: 'open-first' });
    const actor = this.#host.redeem(ticket, seat.origin);
    if (actor === undefined) return this.refuse(socket, { code: 'ticket-invalid' });
    const opened: OpenSeat = { stage: 'history', actor, key: toBase64Url(actor) };
    this.#enter(socket, opened);
    this.opened?.(opened.key);
    return this.#catchUp(socket, opened, cursor);
  }

  /**
   * A page a turn, so that a long history holds up nobody. The last page, the marker and the switch to live leave in one
   * turn, so nothing that is new falls between.
   */
  async #catchUp(socket: WebSocket, seat: OpenSeat, cursor: number): Promise<void> {
    let from = cursor;
    while (this.#seats.has(socket)) {
      const page = this.history(seat.actor, from);
      if (page !== undefined) this.send(socket, page.frame);
      if (page === undefined || page.isLast) return this.#goLive(socket, seat);
      from = page.next;
      await scheduler.wait(0);
    }
  }

  #goLive(socket: WebSocket, seat: OpenSeat): void {
    const marker = this.caughtUp(socket, seat);
    if (marker === undefined || !this.#seats.has(socket)) return;
    this.send(socket, marker);
    this.#replace(socket, { ...seat, stage: 'live' });
  }

  /** A socket whose history was cut off by an eviction can't be told where: it reconnects with its own cursor. */
  #restore(socket: WebSocket, seat: Seat): void {
    if (seat.stage === 'history') this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
    else this.#admit(socket, seat);
  }

  #enter(socket: WebSocket, seat: Seat): void {
    socket.serializeAttachment(seat);
    this.#admit(socket, seat);
  }

  #admit(socket: WebSocket, seat: Seat): void {
    this.#seats.set(socket, seat);
    if (seat.stage !== 'unopened') this.#present.set(seat.key, (this.#present.get(seat.key) ?? 0) + 1);
  }

  #replace(socket: WebSocket, seat: OpenSeat): void {
    socket.serializeAttachment(seat);
    this.#seats.set(socket, seat);
  }
}

function isOpen<UpFrame extends { readonly kind: string }>(frame: OpenFrame | UpFrame): frame is OpenFrame {
  return frame.kind === 'open';
}
