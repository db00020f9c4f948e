import { MAX_PAGE_BYTES } from '../../core/index.ts';
import { reportIncident } from '../platform/incident.ts';
import { MAX_QUEUED_BYTES } from './queue-budget.ts';
import type { SeatedSockets } from './seated-sockets.ts';

/** So long readers wait for room of which nothing becomes free, before those who hold it are let go of. */
const STARVED_MS = 30_000;

export interface WaitingReadersOptions {
  readonly ctx: DurableObjectState;
  readonly sockets: SeatedSockets;
  readonly clock: () => number;
  readonly scheduleSweep: (dueAt: number) => void;
  /** Has a reader go on with its history. */
  readonly resume: (socket: WebSocket, from: number) => void;
}

/** Readers whose history waits for themselves (`SK9`) or for others (`SK15`), the one that has waited longest first. */
export class WaitingReaders {
  readonly #options: WaitingReadersOptions;
  readonly #line: Set<WebSocket>;
  /** Since when somebody has waited for room without anybody getting any, ms since the Unix epoch. */
  #starvedSince: number | undefined;
  #isResuming = false;

  constructor(options: WaitingReadersOptions) {
    this.#options = options;
    this.#line = new Set(options.sockets.waiting());
  }

  add(socket: WebSocket, from: number): void {
    const { sockets } = this.#options;
    sockets.move(socket, { stage: 'waiting', from });
    this.#line.delete(socket);
    this.#line.add(socket);
    if (sockets.find(socket)?.backlog.fillsWindow === false) this.#starve();
  }

  /** Room became free; whatever else this turn frees counts too. */
  resumeSoon(): void {
    if (this.#isResuming) return;
    this.#isResuming = true;
    void scheduler.wait(0).then(() => {
      this.#isResuming = false;
      this.#resume();
    });
  }

  /**
   * The platform has no way to drop what is queued for one socket. Where half of the budget has been held for so long by those who
   * don't read, and others wait for it, the object ends with all its connections: readers come back with their cursors.
   * Returns when to look again.
   */
  sweep(now: number): number | undefined {
    this.#resume();
    if (this.#starvedSince === undefined) return undefined;
    const dueAt = this.#starvedSince + STARVED_MS;
    if (dueAt > now) return dueAt;
    const { ctx, sockets } = this.#options;
    const bytes = sockets.stuckBytes(now - STARVED_MS);
    if (bytes < MAX_QUEUED_BYTES / 2) return now + STARVED_MS;
    reportIncident('streams-starved', new Error(`${bytes} bytes are queued for readers who take nothing`));
    ctx.abort('readers who take nothing held what others need');
    return undefined;
  }

  /** Whoever there is room for goes on, each in its turn: who has just had a page stands behind the others. */
  #resume(): void {
    const { sockets, resume } = this.#options;
    let isLacking = false;
    for (const socket of [...this.#line]) {
      const seated = sockets.find(socket);
      if (seated?.seat.stage !== 'waiting') this.#line.delete(socket);
      else if (seated.backlog.fillsWindow) continue;
      else if (sockets.hasRoomFor(socket, MAX_PAGE_BYTES)) {
        this.#line.delete(socket);
        this.#starvedSince = undefined;
        resume(socket, seated.seat.from);
      } else {
        isLacking = true;
        if (sockets.budget.free < MAX_PAGE_BYTES) break;
      }
    }
    if (isLacking) this.#starve();
    else this.#starvedSince = undefined;
  }

  #starve(): void {
    if (this.#starvedSince !== undefined) return;
    this.#starvedSince = this.#options.clock();
    this.#options.scheduleSweep(this.#starvedSince + STARVED_MS);
  }
}
