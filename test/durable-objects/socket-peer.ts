import { decodeTrusted, encode, type Codec } from '../../core/index.ts';

interface Frame {
  readonly kind: string;
  readonly value: unknown;
}

/** A client's end of a socket, with what it got in order. */
export class SocketPeer<Up extends Frame, Down extends Frame> {
  readonly frames: Down[] = [];
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  readonly #upFrame: Codec<Up>;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket, upFrame: Codec<Up>, downFrame: Codec<Down>) {
    this.#socket = socket;
    this.#upFrame = upFrame;
    socket.binaryType = 'arraybuffer';
    this.closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.addEventListener('message', ({ data }) => {
      this.frames.push(decodeTrusted(downFrame, new Uint8Array(data as ArrayBuffer)));
      this.#wake();
    });
    socket.accept();
  }

  send(frame: Up): void {
    this.sendRaw(encode(this.#upFrame, frame));
  }

  sendRaw(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Waits until some frame fits. */
  async until(fits: (frame: Down) => boolean): Promise<Down> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
