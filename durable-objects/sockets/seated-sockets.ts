import { randomFillSync } from 'node:crypto';
import { STREAM_MARK_BYTES } from '../../core/index.ts';
import { Backlog } from './backlog.ts';
import { CLOSE_INTERRUPTED, CLOSE_NORMAL, CLOSE_SLOW } from './close-codes.ts';
import { Presence } from './presence.ts';
import { markStepOf, QueueBudget } from './queue-budget.ts';
import { RequestsInFlight } from './requests-in-flight.ts';
import type { Attachment, OpenSeat, Seat, UnopenedSeat } from './seat.ts';

/** One socket in the memory of its object. Only the seat and the backlog are attached to it. */
export interface SeatedSocket {
  seat: Seat;
  readonly backlog: Backlog;
  readonly requests: RequestsInFlight;
}

export interface SeatedSocketsOptions {
  readonly ctx: DurableObjectState;
  readonly clock: () => number;
  readonly markFrame: (mark: Uint8Array) => Uint8Array;
  /** There is more room than there was. */
  readonly freed: () => void;
}

/**
 * The sockets of one object, each in its seat, and what each was sent and has yet to take (`SK8`, `SK9`, `SK15`). Their attachments
 * are the truth, through hibernation; reading them anew for every frame would cost more than sending.
 */
export class SeatedSockets {
  readonly presence = new Presence();
  readonly budget: QueueBudget;
  readonly #seated = new Map<WebSocket, SeatedSocket>();
  /** Closed by their clients, with more queued for them than a step. No event tells when that is over. */
  readonly #departed = new Set<WebSocket>();
  readonly #options: SeatedSocketsOptions;

  constructor(options: SeatedSocketsOptions) {
    this.#options = options;
    this.budget = new QueueBudget(options.freed);
    const sockets = options.ctx.getWebSockets();
    const step = markStepOf(sockets.length);
    for (const socket of sockets) this.#restore(socket, socket.deserializeAttachment() as Attachment, step);
  }

  /** All of them, unopened ones included. */
  get count(): number {
    return this.#seated.size;
  }

  get openCount(): number {
    let count = 0;
    for (const { seat } of this.#seated.values()) if (seat.stage !== 'unopened') count++;
    return count;
  }

  find(socket: WebSocket): SeatedSocket | undefined {
    return this.#seated.get(socket);
  }

  *live(): Generator<readonly [WebSocket, OpenSeat]> {
    for (const [socket, { seat }] of this.#seated) if (seat.stage === 'live') yield [socket, seat];
  }

  *waiting(): Generator<WebSocket> {
    for (const [socket, { seat }] of this.#seated) if (seat.stage === 'waiting') yield socket;
  }

  /** Those that have yet to open, the one that has waited longest first. */
  *unopened(): Generator<readonly [WebSocket, UnopenedSeat]> {
    for (const [socket, { seat }] of this.#seated) if (seat.stage === 'unopened') yield [socket, seat];
  }

  /** Bytes queued for those who were asked before this time and have not answered. */
  stuckBytes(askedBefore: number): number {
    let bytes = 0;
    for (const { backlog } of this.#seated.values()) {
      if (backlog.askedAt !== undefined && backlog.askedAt <= askedBefore) bytes += backlog.bytes;
    }
    return bytes;
  }

  admit(socket: WebSocket, since: number, origin: string): void {
    this.#seat(socket, { stage: 'unopened', since, origin }, new Backlog());
    this.#record(socket);
  }

  /** Its ticket was good: it begins with its history. */
  open(socket: WebSocket, reader: Pick<OpenSeat, 'actor' | 'key' | 'from'>): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined) return;
    seated.seat = { stage: 'history', isTold: false, ...reader };
    this.presence.enter(reader.key);
    this.#record(socket);
  }

  /** Moves an open one on to another stage. */
  move(socket: WebSocket, { stage, from }: Pick<OpenSeat, 'stage' | 'from'>): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined || !isOpened(seated.seat)) return;
    const isTold = seated.seat.isTold || stage === 'live';
    seated.seat = { ...seated.seat, stage, from, isTold };
    // Whoever waits is asked even for little, or nothing would say when there is room.
    if (stage === 'waiting' && seated.backlog.isMarkDue(1)) this.#putMark(socket, seated.backlog);
    else this.#record(socket);
  }

  /** Whether so much of what is stored may be queued for it. */
  hasRoomFor(socket: WebSocket, bytes: number): boolean {
    const backlog = this.#seated.get(socket)?.backlog;
    if (backlog === undefined) return false;
    if (!this.budget.hasRoomFor(bytes, backlog.bytes)) this.reap();
    return this.budget.hasRoomFor(bytes, backlog.bytes);
  }

  /** What belongs together: a mark comes after all of it, so that nobody is asked in the middle of a flush. */
  send(socket: WebSocket, frames: readonly Uint8Array[]): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined || seated.seat.stage === 'leaving') return;
    const { backlog } = seated;
    try {
      for (const frame of frames) {
        if (backlog.isOverBound || !this.budget.takesAnswers) return this.close(socket, CLOSE_SLOW, 'slow-reader');
        socket.send(frame);
        backlog.add(frame.length);
        this.budget.take(frame.length);
      }
      const step = markStepOf(this.count);
      if (backlog.isMarkDue(step)) this.#putMark(socket, backlog);
      else if (backlog.isRecordDue(step)) this.#record(socket);
    } catch {
      // The peer is gone; the close event may still be on its way.
      this.leave(socket);
    }
  }

  /** The reader sends a mark back. False for one that is not under way. */
  reportTaken(socket: WebSocket, mark: Uint8Array): boolean {
    const seated = this.#seated.get(socket);
    const taken = seated?.backlog.report(mark);
    if (seated === undefined || taken === undefined) return false;
    const { seat, backlog } = seated;
    this.budget.give(taken);
    if (backlog.isMarkDue(markStepOf(this.count))) this.#putMark(socket, backlog);
    else if (seat.stage === 'leaving') this.#end(socket, seat.code, seat.reason);
    else this.#record(socket);
    return true;
  }

  /**
   * Sends nothing more, and closes once less than a step is unreported. A close frame stands behind all that is queued, and after it
   * nothing tells any more whether that still is: who is closed at once could leave a queue behind again and again (`SK15`).
   */
  close(socket: WebSocket, code: number, reason: string): void {
    const seated = this.#seated.get(socket);
    if (seated?.seat.stage === 'leaving') return;
    if (seated === undefined || !this.#owesStep(seated)) return this.#end(socket, code, reason);
    if (isOpened(seated.seat)) this.presence.leave(seated.seat.key);
    seated.seat = { stage: 'leaving', code, reason };
    if (seated.backlog.isMarkDue(1)) this.#putMark(socket, seated.backlog);
    else this.#record(socket);
  }

  /** The client has closed, or is gone. */
  closed(socket: WebSocket): void {
    const seated = this.#seated.get(socket);
    const isGone = socket.readyState === WebSocket.CLOSED;
    if (seated === undefined || isGone || !this.#owesStep(seated)) return this.#end(socket, CLOSE_NORMAL, '');
    this.#departed.add(socket);
    this.close(socket, CLOSE_NORMAL, '');
  }

  /** Takes leave of those whose connection turns out to have ended. */
  reap(): void {
    for (const socket of this.#departed) if (socket.readyState === WebSocket.CLOSED) this.leave(socket);
  }

  leave(socket: WebSocket): void {
    const seated = this.#seated.get(socket);
    this.#seated.delete(socket);
    this.#departed.delete(socket);
    if (seated === undefined) return;
    if (isOpened(seated.seat)) this.presence.leave(seated.seat.key);
    this.budget.give(seated.backlog.bytes);
  }

  #owesStep({ backlog }: SeatedSocket): boolean {
    return backlog.bytes >= markStepOf(this.count);
  }

  #end(socket: WebSocket, code: number, reason: string): void {
    this.leave(socket);
    try {
      socket.close(code, reason);
    } catch {
      // Closed already.
    }
  }

  #putMark(socket: WebSocket, backlog: Backlog): void {
    const mark = randomFillSync(new Uint8Array(STREAM_MARK_BYTES));
    backlog.put(mark, this.#options.clock());
    this.#record(socket);
    try {
      socket.send(this.#options.markFrame(mark));
    } catch {
      // The peer is gone.
      this.leave(socket);
    }
  }

  /** A socket whose history was cut off by an eviction can't be told where: it reconnects with its own cursor. */
  #restore(socket: WebSocket, { seat, backlog }: Attachment, step: number): void {
    this.#seat(socket, seat, new Backlog(backlog, isOpened(seat) ? step : 0));
    if (seat.stage === 'history') this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
  }

  #seat(socket: WebSocket, seat: Seat, backlog: Backlog): void {
    this.#seated.set(socket, { seat, backlog, requests: new RequestsInFlight() });
    this.budget.take(backlog.bytes);
    if (isOpened(seat)) this.presence.enter(seat.key);
  }

  #record(socket: WebSocket): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined) return;
    socket.serializeAttachment({ seat: seated.seat, backlog: seated.backlog.record } satisfies Attachment);
  }
}

function isOpened(seat: Seat): seat is OpenSeat {
  return seat.stage !== 'unopened' && seat.stage !== 'leaving';
}
