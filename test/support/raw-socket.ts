/** How a socket ended. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** A client's end of a socket: the frames that came, as they are, and the end. */
export class RawSocket {
  readonly frames: Uint8Array[] = [];
  readonly closed: Promise<SocketEnd>;
  readonly #socket: WebSocket;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => {
        this.#isClosed = true;
        this.#wake();
        resolve({ code, reason });
      });
    });
    socket.addEventListener('message', ({ data }) => {
      this.frames.push(new Uint8Array(data as ArrayBuffer));
      this.#wake();
    });
  }

  send(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** The first frame that fits, or undefined where the socket ends without one. */
  async until(fits: (frame: Uint8Array) => boolean): Promise<Uint8Array | undefined> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined || this.#isClosed) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
