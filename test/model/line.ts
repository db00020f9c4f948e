import { chainUpFrame, decode } from '../../core/index.ts';
import type { Fetch, WebSocketConstructor, WebSocketEvent, WebSocketLike } from '../../sdk/index.ts';
import type { Life } from './disk.ts';

/** What may befall the next request that a process sends, over HTTP or as an append on a socket. */
export const FAULTS = ['request lost', 'answer lost', 'answer late', 'request twice'] as const;
export type Fault = (typeof FAULTS)[number];

const LATE_MS = 12;

/** What reaches the relay. */
export interface Wire {
  readonly fetch: Fetch;
  readonly webSocket: WebSocketConstructor;
}

type Listener = (event: WebSocketEvent) => void;

/** One process's way to the relay, over which nothing is certain. */
export class Line {
  isDown = false;
  readonly #faults: Fault[] = [];
  readonly #wire: Wire;
  readonly #life: Life;
  readonly #sockets = new Set<LineSocket>();
  readonly #onAnswer: (path: string, body: Uint8Array) => void;

  /** `onAnswer` sees every good answer that the process gets. */
  constructor(wire: Wire, life: Life, onAnswer: (path: string, body: Uint8Array) => void) {
    this.#wire = wire;
    this.#life = life;
    this.#onAnswer = onAnswer;
  }

  befall(fault: Fault): void {
    this.#faults.push(fault);
  }

  heal(): void {
    this.isDown = false;
    this.#faults.length = 0;
  }

  fall(isDown: boolean): void {
    this.isDown = isDown;
    if (isDown) this.cut();
  }

  cut(): void {
    for (const socket of [...this.#sockets]) socket.cut();
  }

  readonly fetch: Fetch = (url, init) => this.#life.step(() => this.#exchange(url, init));

  get webSocket(): WebSocketConstructor {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- `new` gives the class another `this`
    const line = this;
    return class extends LineSocket {
      constructor(url: string) {
        super(url, line.#wire.webSocket, () => line.#next());
        line.#sockets.add(this);
        if (line.isDown || line.#life.isOver) this.cut();
      }

      override cut(): void {
        line.#sockets.delete(this);
        super.cut();
      }

      protected override dispatch(type: string, event: WebSocketEvent): void {
        if (!line.#life.isOver) super.dispatch(type, event);
      }
    };
  }

  async #exchange(url: string, init: RequestInit): Promise<Response> {
    const fault = this.isDown ? 'request lost' : this.#next();
    if (fault === 'request lost') throw new TypeError('no way to the relay');
    const answer = await this.#wire.fetch(url, init);
    const body = new Uint8Array(await answer.arrayBuffer());
    if (fault === 'answer lost' || this.isDown) throw new TypeError('the answer got lost');
    // A proxy that sees no answer may send a request again; the client gets the second one's.
    if (fault === 'request twice') return this.#wire.fetch(url, init);
    if (fault === 'answer late') await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    if (answer.ok) this.#onAnswer(new URL(url).pathname, body);
    const { status, headers } = answer;
    return new Response(status === 204 ? null : body, { status, headers });
  }

  #next(): Fault | undefined {
    return this.#faults.shift();
  }
}

/** A socket that may be cut between any two frames. */
class LineSocket implements WebSocketLike {
  readonly #inner: WebSocketLike;
  readonly #nextFault: () => Fault | undefined;
  readonly #listeners = new Map<string, Listener[]>();
  #isCut = false;
  #isCutAtNextFrame = false;

  constructor(url: string, webSocket: WebSocketConstructor, nextFault: () => Fault | undefined) {
    this.#nextFault = nextFault;
    this.#inner = new webSocket(url);
    this.#inner.binaryType = 'arraybuffer';
    for (const type of ['open', 'message', 'close', 'error'] as const) {
      this.#inner.addEventListener(type, (event) => this.#pass(type, event));
    }
  }

  get binaryType(): string {
    return this.#inner.binaryType;
  }

  set binaryType(type: string) {
    this.#inner.binaryType = type;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.#isCut) return;
    const fault = isAppend(data) ? this.#nextFault() : undefined;
    if (fault === 'request lost') return this.cut();
    this.#inner.send(data);
    if (fault === 'request twice') this.#inner.send(data);
    if (fault === 'answer lost') this.#isCutAtNextFrame = true;
  }

  close(code?: number, reason?: string): void {
    if (!this.#isCut) this.#inner.close(code, reason);
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    try {
      this.#inner.close(1000);
    } catch {
      // It was not open yet.
    }
    queueMicrotask(() => this.dispatch('close', { code: 1006, reason: 'cut' }));
  }

  protected dispatch(type: string, event: WebSocketEvent): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  #pass(type: string, event: WebSocketEvent): void {
    if (this.#isCut) return;
    if (type === 'message' && this.#isCutAtNextFrame) return this.cut();
    this.dispatch(type, event);
  }
}

function isAppend(data: Uint8Array): boolean {
  const frame = decode(chainUpFrame, data);
  return frame.ok && frame.value.kind === 'append';
}
