import type { Fetch, WebSocketConstructor, WebSocketEvent, WebSocketLike } from '../../sdk/index.ts';

/** What becomes of an answer on its way: other bytes, or another status around them. */
export interface Lie {
  readonly bytes: Uint8Array;
  readonly status?: number;
}

/** Given a path and what the relay truly said there; undefined leaves it as it is. */
export type Liar = (path: string, truth: Uint8Array) => Lie | undefined;

/** The network between a client and its relay, which can change what comes back and nothing of what goes there. */
export class LyingNetwork {
  /** Of answers to requests. */
  answers: Liar | undefined;
  /** Of frames on sockets. */
  frames: Liar | undefined;

  readonly fetch: Fetch = async (url, init) => {
    const response = await fetch(url, init);
    const truth = new Uint8Array(await response.arrayBuffer());
    const lie = this.answers?.(new URL(url).pathname, truth);
    const { headers } = response;
    const status = lie?.status ?? response.status;
    const body = (lie?.bytes ?? truth) as Uint8Array<ArrayBuffer>;
    return new Response([204, 304].includes(status) ? null : body, { status, headers });
  };

  get webSocket(): WebSocketConstructor {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the class below is another this
    const network = this;
    return class implements WebSocketLike {
      readonly #socket: WebSocket;
      readonly #path: string;

      constructor(url: string) {
        this.#socket = new WebSocket(url);
        this.#path = new URL(url).pathname;
      }

      set binaryType(type: string) {
        this.#socket.binaryType = type as 'arraybuffer';
      }

      get binaryType(): string {
        return this.#socket.binaryType;
      }

      send(data: Uint8Array<ArrayBuffer>): void {
        this.#socket.send(data);
      }

      close(code?: number, reason?: string): void {
        this.#socket.close(code, reason);
      }

      addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void {
        this.#socket.addEventListener(type, (event) => {
          const { data } = event as WebSocketEvent;
          if (!(data instanceof ArrayBuffer)) return listener(event as WebSocketEvent);
          const truth = new Uint8Array(data);
          const { bytes } = network.frames?.(this.#path, truth) ?? { bytes: truth };
          listener({ data: bytes.slice().buffer });
        });
      }
    };
  }
}
