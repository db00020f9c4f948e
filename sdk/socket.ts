import { STREAM_BOUND_BYTES } from '../core/index.ts';
import { NetworkError } from './errors.ts';
import { untilAborted } from './mutex.ts';
import type { Platform, WebSocketEvent, WebSocketLike } from './platform.ts';

/** Twice what a relay sends before it waits to be told (`SK9`): one that goes on all the same is left. */
const MAX_QUEUED_BYTES = 2 * STREAM_BOUND_BYTES;
/** What a frame takes beside its bytes, so that a flood of empty ones is bounded as well. */
const FRAME_OVERHEAD_BYTES = 128;
const OPEN_DEADLINE_MS = 10_000;

/** A WebSocket as an iterator of binary frames. It ends with a NetworkError, however it ends. */
export class Socket {
  readonly #socket: WebSocketLike;
  readonly #frames: Uint8Array[] = [];
  #queuedBytes = 0;
  #end: NetworkError | undefined;
  #wake = (): void => undefined;

  private constructor(socket: WebSocketLike, url: string) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('error', () => this.#finish(`the connection to ${url} failed`));
    socket.addEventListener('close', ({ code, reason }: WebSocketEvent) =>
      this.#finish(`the connection to ${url} was closed (${code ?? 'no code'} ${reason ?? ''})`),
    );
  }

  static async open(url: string, platform: Platform, signal: AbortSignal): Promise<Socket> {
    const underlying = platform.openSocket(url);
    underlying.binaryType = 'arraybuffer';
    const socket = new Socket(underlying, url);
    const opened = new Promise<void>((resolve) => underlying.addEventListener('open', () => resolve()));
    const deadline = AbortSignal.timeout(OPEN_DEADLINE_MS);
    try {
      await untilAborted(Promise.race([opened, socket.#closed()]), AbortSignal.any([signal, deadline]));
      return socket;
    } catch (cause) {
      socket.close();
      if (signal.aborted || cause instanceof NetworkError) throw cause;
      throw new NetworkError('timeout', `${url} did not open in ${OPEN_DEADLINE_MS} ms`, cause);
    }
  }

  send(frame: Uint8Array): void {
    if (this.#end !== undefined) throw this.#end;
    this.#socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    this.#socket.close(1000);
    this.#finish('the connection was closed here');
  }

  /** The next frame, in order; rejects once the socket has ended and every frame was read. */
  async next(signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      signal.throwIfAborted();
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        this.#queuedBytes -= frame.length + FRAME_OVERHEAD_BYTES;
        return frame;
      }
      if (this.#end !== undefined) throw this.#end;
      await untilAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }

  async #closed(): Promise<never> {
    while (this.#end === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    throw this.#end;
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return this.#abandon('a text frame came where binary ones belong');
    this.#queuedBytes += data.byteLength + FRAME_OVERHEAD_BYTES;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) return this.#abandon('frames came faster than they were read');
    this.#frames.push(new Uint8Array(data));
    this.#wake();
  }

  #abandon(why: string): void {
    this.#finish(why);
    this.#socket.close(1000);
  }

  #finish(why: string): void {
    this.#end ??= new NetworkError('unreachable', why);
    this.#wake();
  }
}
