import { decodeTrusted, encode, type Codec } from '../../core/index.ts';

interface Frame {
  readonly kind: string;
  readonly value: unknown;
}

interface Mark extends Frame {
  readonly kind: 'mark';
  readonly value: { readonly mark: Uint8Array };
}

/** A client's end of a socket, with what it got in order. It reports each mark at once, until it is told not to. */
export class SocketPeer<Up extends Frame, Down extends Frame> {
  readonly frames: Exclude<Down, { readonly kind: 'mark' }>[] = [];
  readonly marks: Uint8Array[] = [];
  isReporting = true;
  hasClosed = false;
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  readonly #upFrame: Codec<Up>;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket, upFrame: Codec<Up>, downFrame: Codec<Down>) {
    this.#socket = socket;
    this.#upFrame = upFrame;
    socket.binaryType = 'arraybuffer';
    this.closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    void this.closed.then(() => (this.hasClosed = true));
    socket.addEventListener('message', ({ data }) => {
      const frame = decodeTrusted(downFrame, new Uint8Array(data as ArrayBuffer));
      if (isMark(frame)) this.#note(frame.value.mark);
      else this.frames.push(frame as Exclude<Down, { readonly kind: 'mark' }>);
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

  /** Says that everything before the mark was taken. */
  report(mark: Uint8Array): void {
    this.send({ kind: 'progress', value: { mark } } as unknown as Up);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Waits until some frame fits. */
  async until(fits: (frame: this['frames'][number]) => boolean): Promise<this['frames'][number]> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #note(mark: Uint8Array): void {
    this.marks.push(mark);
    if (this.isReporting) this.report(mark);
  }
}

function isMark(frame: Frame): frame is Mark {
  return frame.kind === 'mark';
}
