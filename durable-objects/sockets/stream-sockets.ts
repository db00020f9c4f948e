import {
  decode,
  MAX_OPEN_FRAME_BYTES,
  MAX_PAGE_BYTES,
  OPEN_DEADLINE_MS,
  toBase64Url,
  type Codec,
} from '../../core/index.ts';
import type { RelayRefusal } from '../../relay/index.ts';
import { reportIncident } from '../platform/incident.ts';
import { CLOSE_INTERRUPTED, CLOSE_REFUSED, CLOSE_REMOVED } from './close-codes.ts';
import type { Presence } from './presence.ts';
import type { OpenSeat, Seat } from './seat.ts';
import { SeatedSockets } from './seated-sockets.ts';
import { WaitingReaders } from './waiting-readers.ts';

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

/**
 * The live readers of one object (`SK1`–`SK11`, `SK15`): each opens with a ticket, gets history from its cursor as fast as it takes
 * it, one `caught-up`, then whatever is new. `Request` is what a client may send besides `open` and `progress`.
 */
export abstract class StreamSockets<Request extends { readonly kind: string }> {
  readonly #host: StreamHost;
  readonly #limits: StreamLimits;
  readonly #upFrame: Codec<OpenFrame | ProgressFrame | Request>;
  readonly #sockets: SeatedSockets;
  readonly #waiting: WaitingReaders;

  constructor(host: StreamHost, upFrame: Codec<OpenFrame | ProgressFrame | Request>, limits: StreamLimits) {
    this.#host = host;
    this.#upFrame = upFrame;
    this.#limits = limits;
    this.#sockets = new SeatedSockets({
      ctx: host.ctx,
      clock: () => host.clock(),
      markFrame: (mark) => this.mark(mark),
      freed: () => this.#waiting.resumeSoon(),
    });
    this.#waiting = new WaitingReaders({
      ctx: host.ctx,
      sockets: this.#sockets,
      clock: () => host.clock(),
      scheduleSweep: (dueAt) => host.scheduleSweep(dueAt),
      resume: (socket, from) => this.rejoin(socket, from),
    });
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

  get presence(): Presence {
    return this.#sockets.presence;
  }

  /** All sockets, unopened ones included. */
  get count(): number {
    return this.#sockets.count;
  }

  get openCount(): number {
    return this.#sockets.openCount;
  }

  get hasLive(): boolean {
    return this.live().next().done === false;
  }

  accept(origin: string): Response {
    if (this.#sockets.count >= this.#limits.maxSockets) this.#sockets.reap();
    if (this.#sockets.count >= this.#limits.maxSockets && !this.#makeRoom()) {
      return new Response(null, { status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#host.ctx.acceptWebSocket(server);
    const since = this.#host.clock();
    this.#sockets.admit(server, since, origin);
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

  /** The client has closed. It waits for the relay to close as well (RFC 6455 §7.1.1), which no runtime does by itself. */
  closed(socket: WebSocket): void {
    this.#sockets.closed(socket);
  }

  leave(socket: WebSocket): void {
    this.#sockets.leave(socket);
  }

  /** Job step: closes sockets that never opened, and lets go of those who starve others. Returns when the next one is due. */
  sweep(now: number): number | undefined {
    let next = this.#waiting.sweep(now);
    for (const [socket, { since }] of this.#sockets.unopened()) {
      const dueAt = since + OPEN_DEADLINE_MS;
      if (dueAt <= now) this.refuse(socket, { code: 'open-first' });
      else next = Math.min(next ?? dueAt, dueAt);
    }
    return next;
  }

  /** Those who get what is new as it comes. */
  protected live(): Generator<readonly [WebSocket, OpenSeat]> {
    return this.#sockets.live();
  }

  /** Entries or items from `from` on. Where there is no room for them, the reader gets them as history once there is. */
  protected offer(socket: WebSocket, from: number, frames: readonly Uint8Array[]): void {
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    const backlog = this.#sockets.find(socket)?.backlog;
    if (backlog?.isOverBound === true || !this.#sockets.hasRoomFor(socket, bytes)) this.#waiting.add(socket, from);
    else this.#sockets.send(socket, frames);
  }

  /** What can't be had later. */
  protected send(socket: WebSocket, ...frames: readonly Uint8Array[]): void {
    this.#sockets.send(socket, frames);
  }

  /** Says what was wrong and closes. */
  protected refuse(socket: WebSocket, refusal: RelayRefusal): void {
    this.send(socket, this.problem(refusal));
    this.#sockets.close(socket, CLOSE_REFUSED, refusal.code);
  }

  /** The actor's permission is over: says so and closes. */
  protected end(socket: WebSocket, refusal: RelayRefusal): void {
    this.send(socket, this.problem(refusal));
    this.#sockets.close(socket, CLOSE_REMOVED, refusal.code);
  }

  /** Has a live reader take history again, for what is not everybody's. */
  protected rejoin(socket: WebSocket, from: number): void {
    this.#sockets.move(socket, { stage: 'history', from });
    this.#catchUp(socket, from).catch((cause: unknown) => this.#abandon(socket, cause));
  }

  async #take(socket: WebSocket, data: ArrayBuffer | string): Promise<void> {
    const seated = this.#sockets.find(socket);
    if (seated === undefined) return;
    if (seated.seat.stage === 'leaving') return this.#hearOut(socket, data);
    const { seat, requests } = seated;
    if (typeof data === 'string') return this.refuse(socket, { code: 'unsupported-media-type' });
    // Length before anything else: a frame over the limit is never parsed.
    const limitBytes = seat.stage === 'unopened' ? MAX_OPEN_FRAME_BYTES : this.#limits.maxFrameBytes;
    if (data.byteLength > limitBytes) return this.refuse(socket, { code: 'body-too-large', limitBytes });
    const decoded = decode(this.#upFrame, new Uint8Array(data));
    if (!decoded.ok) return this.refuse(socket, { ...decoded.error });
    const frame = decoded.value;
    if (isOpen(frame)) return this.#open(socket, seat, frame);
    if (seat.stage === 'unopened') return this.refuse(socket, { code: 'open-first' });
    const barred = this.barred?.(seat.actor);
    // Who was removed may still take what came before.
    if (barred !== undefined && !(isProgress(frame) && seat.stage !== 'live')) return this.end(socket, barred);
    if (isProgress(frame)) return this.#advance(socket, frame);
    if (!requests.hasRoomFor(data.byteLength)) return this.refuse(socket, { code: 'too-many-in-flight' });
    return requests.during(data.byteLength, () => this.handle(socket, frame, seat));
  }

  /**
   * Handshakes need no ticket, so anybody could fill all places with them. Those who mean it send theirs at once: the
   * one that has waited longest makes way.
   */
  #makeRoom(): boolean {
    for (const [socket] of this.#sockets.unopened()) {
      this.refuse(socket, { code: 'too-many-subscribers' });
      return true;
    }
    return false;
  }

  #open(socket: WebSocket, seat: Seat, { value: { ticket, cursor } }: OpenFrame): Promise<void> | void {
    if (seat.stage !== 'unopened') return this.refuse(socket, { code: 'open-first' });
    const actor = this.#host.redeem(ticket, seat.origin);
    if (actor === undefined) return this.refuse(socket, { code: 'ticket-invalid' });
    const key = toBase64Url(actor);
    this.#sockets.open(socket, { actor, key, from: cursor });
    this.opened?.(key);
    return this.#catchUp(socket, cursor);
  }

  #advance(socket: WebSocket, { value: { mark } }: ProgressFrame): void {
    if (!this.#sockets.reportTaken(socket, mark)) this.refuse(socket, { code: 'unknown-mark' });
  }

  /** One that is being closed has only to say how far it came. */
  #hearOut(socket: WebSocket, data: ArrayBuffer | string): void {
    if (typeof data === 'string' || data.byteLength > MAX_OPEN_FRAME_BYTES) return;
    const decoded = decode(this.#upFrame, new Uint8Array(data));
    if (decoded.ok && isProgress(decoded.value)) this.#sockets.reportTaken(socket, decoded.value.value.mark);
  }

  /**
   * A page a turn, so that a long history holds up nobody, and no more than there is room for (`SK9`, `SK15`): no timer waits
   * for it, the next `progress` goes on. The last page, the marker and the switch to live leave in one turn, so nothing
   * that is new falls between.
   */
  async #catchUp(socket: WebSocket, cursor: number): Promise<void> {
    let from = cursor;
    for (;;) {
      const seated = this.#sockets.find(socket);
      if (seated?.seat.stage !== 'history') return;
      if (seated.backlog.fillsWindow || !this.#sockets.hasRoomFor(socket, MAX_PAGE_BYTES))
        return this.#waiting.add(socket, from);
      const asked = this.history(seated.seat.actor, from);
      // Awaited only where it must be: in that time something new may come.
      const page = asked instanceof Promise ? await this.#holdingRoom(asked) : asked;
      if (page.frame !== undefined) this.send(socket, page.frame);
      if (page.ending !== undefined) return this.end(socket, page.ending);
      from = page.next;
      if (this.isCaughtUp(from)) {
        if (!seated.seat.isTold) this.send(socket, this.caughtUp());
        return this.#sockets.move(socket, { stage: 'live', from });
      }
      await scheduler.wait(0);
    }
  }

  /** For a page that is on its way, so that however many are no more come than there is room for. */
  async #holdingRoom(page: Promise<HistoryPage>): Promise<HistoryPage> {
    const { budget } = this.#sockets;
    budget.take(MAX_PAGE_BYTES);
    try {
      return await page;
    } finally {
      budget.give(MAX_PAGE_BYTES);
    }
  }

  #abandon(socket: WebSocket, cause: unknown): void {
    reportIncident('stream-failed', cause);
    this.#sockets.close(socket, CLOSE_INTERRUPTED, 'unavailable');
  }
}

function isOpen(frame: { readonly kind: string }): frame is OpenFrame {
  return frame.kind === 'open';
}

function isProgress(frame: { readonly kind: string }): frame is ProgressFrame {
  return frame.kind === 'progress';
}
