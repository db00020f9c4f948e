import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Whether a frame answers the oldest question; what is none is passed on. */
export type IsAnswer = (frame: Uint8Array) => boolean;

interface Asker {
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (cause: Error) => void;
}

/** A WebSocket on which questions are answered in their order, with other frames in between. */
export class LoadSocket {
  /** Gets every frame that answers nothing. */
  onFrame: (frame: Uint8Array) => void = () => undefined;
  readonly #socket: WebSocket;
  readonly #waiting: Asker[] = [];
  #next = 0;

  private constructor(socket: WebSocket, isAnswer: IsAnswer) {
    this.#socket = socket;
    socket.on('message', (frame: Buffer) => {
      if (isAnswer(frame)) this.#answer(frame);
      else this.onFrame(frame);
    });
    socket.on('close', (code, reason) => {
      const cause = new Error(`the socket was closed: ${code} ${reason.toString()}`);
      for (const { reject } of this.#waiting.splice(this.#next)) reject(cause);
    });
  }

  static async connect(url: string, isAnswer: IsAnswer): Promise<LoadSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const opened = new LoadSocket(socket, isAnswer);
    await once(socket, 'open');
    return opened;
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  ask(frame: Uint8Array): Promise<Uint8Array> {
    this.#socket.send(frame);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
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
