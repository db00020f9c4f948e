import { once } from 'node:events';
import { WebSocket } from 'ws';

/** How many of the oldest questions a frame answers; one that answers none is passed on. */
export type CountAnswers = (frame: Uint8Array) => number;
/** What to send back at once for a frame that is nobody else's business. */
export type ReplyTo = (frame: Uint8Array) => Uint8Array | undefined;

interface Asker {
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (cause: Error) => void;
}

/** A WebSocket on which questions are answered in their order, with other frames in between. */
export class LoadSocket {
  /** Gets every frame that answers nothing. */
  onFrame: (frame: Uint8Array) => void = () => undefined;
  /** Resolves with code and reason. */
  readonly closed: Promise<string>;
  readonly #socket: WebSocket;
  readonly #waiting: Asker[] = [];
  #next = 0;

  private constructor(socket: WebSocket, countAnswers: CountAnswers, replyTo: ReplyTo) {
    this.#socket = socket;
    socket.on('message', (frame: Buffer) => {
      const reply = replyTo(frame);
      if (reply !== undefined) {
        this.send(reply);
        return;
      }
      const count = countAnswers(frame);
      if (count === 0) this.onFrame(frame);
      for (let i = 0; i < count; i++) this.#answer(frame);
    });
    this.closed = once(socket, 'close').then(([code, reason]) => `${code} ${String(reason)}`);
    socket.on('close', (code, reason) => {
      const cause = new Error(`the socket was closed: ${code} ${reason.toString()}`);
      for (const { reject } of this.#waiting.splice(this.#next)) reject(cause);
    });
  }

  static async connect(
    url: string,
    countAnswers: CountAnswers,
    replyTo: ReplyTo = () => undefined,
  ): Promise<LoadSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const opened = new LoadSocket(socket, countAnswers, replyTo);
    await once(socket, 'open');
    return opened;
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  /** Gives the frame with the answer, which may hold those of others too. */
  ask(frame: Uint8Array): Promise<Uint8Array> {
    this.#socket.send(frame);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Reads no more from the connection: what comes fills the buffers on the way. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }

  #answer(frame: Uint8Array): void {
    const asker = this.#waiting[this.#next++];
    if (asker === undefined) throw new Error('an answer to nothing');
    asker.resolve(frame);
    // Dropped in large pieces: shifting one by one is quadratic in what waits.
    if (this.#next < 1024) return;
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
  }
}
