import { randomFillSync } from 'node:crypto';
import { STREAM_MARK_BYTES } from '../../core/index.ts';
import { Backlog } from './backlog.ts';
import { CLOSE_INTERRUPTED, CLOSE_SLOW } from './close-codes.ts';
import { Presence } from './presence.ts';
import { RequestsInFlight } from './requests-in-flight.ts';
import type { Attachment, OpenSeat, Seat, UnopenedSeat } from './seat.ts';

/** One socket in the memory of its object. Only the seat and the backlog are attached to it. */
export interface SeatedSocket {
  seat: Seat;
  readonly backlog: Backlog;
  readonly requests: RequestsInFlight;
}

/**
 * The sockets of one object, each in its seat, and what each was sent and has yet to take (`SK8`, `SK9`). Their attachments
 * are the truth, through hibernation; reading them anew for every frame would cost more than sending.
 */
export class SeatedSockets {
  readonly presence = new Presence();
  readonly #seated = new Map<WebSocket, SeatedSocket>();
  readonly #markFrame: (mark: Uint8Array) => Uint8Array;

  constructor(ctx: DurableObjectState, markFrame: (mark: Uint8Array) => Uint8Array) {
    this.#markFrame = markFrame;
    for (const socket of ctx.getWebSockets()) this.#restore(socket, socket.deserializeAttachment() as Attachment);
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

  /** Those that have yet to open, the one that has waited longest first. */
  *unopened(): Generator<readonly [WebSocket, UnopenedSeat]> {
    for (const [socket, { seat }] of this.#seated) if (seat.stage === 'unopened') yield [socket, seat];
  }

  admit(socket: WebSocket, since: number, origin: string): void {
    this.#seat(socket, { stage: 'unopened', since, origin }, new Backlog());
    this.#record(socket);
  }

  /** Its ticket was good: it begins with its history. */
  open(socket: WebSocket, reader: Pick<OpenSeat, 'actor' | 'key' | 'from'>): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined) return;
    seated.seat = { stage: 'history', ...reader };
    this.presence.enter(reader.key);
    this.#record(socket);
  }

  /** Moves an open one on to another stage. */
  move(socket: WebSocket, { stage, from }: Pick<OpenSeat, 'stage' | 'from'>): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined || !isOpened(seated.seat)) return;
    seated.seat = { ...seated.seat, stage, from };
    this.#record(socket);
  }

  /** What belongs together: a mark comes after all of it, so that nobody is asked in the middle of a flush. */
  send(socket: WebSocket, frames: readonly Uint8Array[]): void {
    const seated = this.#seated.get(socket);
    if (seated === undefined || seated.seat.stage === 'leaving') return;
    const { backlog } = seated;
    try {
      for (const frame of frames) {
        if (backlog.isOverBound) return this.#retire(socket, seated);
        socket.send(frame);
        backlog.add(frame.length);
      }
      if (backlog.isMarkDue) this.#putMark(socket, backlog);
      else if (backlog.isRecordDue) this.#record(socket);
    } catch {
      // The peer is gone; the close event may still be on its way.
      this.leave(socket);
    }
  }

  /** The reader sends a mark back. False for one that is not under way. */
  reportTaken(socket: WebSocket, mark: Uint8Array): boolean {
    const backlog = this.#seated.get(socket)?.backlog;
    if (backlog?.report(mark) !== true) return false;
    if (backlog.isMarkDue) this.#putMark(socket, backlog);
    else this.#record(socket);
    return true;
  }

  close(socket: WebSocket, code: number, reason: string): void {
    this.leave(socket);
    try {
      socket.close(code, reason);
    } catch {
      // Closed already.
    }
  }

  leave(socket: WebSocket): void {
    const seat = this.#seated.get(socket)?.seat;
    this.#seated.delete(socket);
    if (seat !== undefined && isOpened(seat)) this.presence.leave(seat.key);
  }

  #putMark(socket: WebSocket, backlog: Backlog): void {
    const mark = randomFillSync(new Uint8Array(STREAM_MARK_BYTES));
    backlog.put(mark);
    this.#record(socket);
    socket.send(this.#markFrame(mark));
  }

  /**
   * Closes a reader that is too slow. What was queued for it stays in memory until its connection ends, and so long it keeps
   * its place: else one member could leave such a queue behind again and again (`SK9`).
   */
  #retire(socket: WebSocket, seated: SeatedSocket): void {
    if (isOpened(seated.seat)) this.presence.leave(seated.seat.key);
    seated.seat = { stage: 'leaving' };
    this.#record(socket);
    socket.close(CLOSE_SLOW, 'slow-reader');
  }

  /** A socket whose history was cut off by an eviction can't be told where: it reconnects with its own cursor. */
  #restore(socket: WebSocket, { seat, backlog }: Attachment): void {
    if (seat.stage === 'history') this.close(socket, CLOSE_INTERRUPTED, 'unavailable');
    else this.#seat(socket, seat, new Backlog(backlog));
  }

  #seat(socket: WebSocket, seat: Seat, backlog: Backlog): void {
    this.#seated.set(socket, { seat, backlog, requests: new RequestsInFlight() });
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
