import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly body: Buffer;
}

/** What becomes of an answer: other bytes, the same, or nothing at all. */
export type Tamper = (exchange: Exchange) => Buffer | 'lost' | undefined;

/** Someone between a person and the relay, who sees every request and may change every answer. */
export class Proxy {
  readonly seen: Exchange[] = [];
  tamper: Tamper | undefined;
  /** Requests that never reach the relay. */
  block: ((path: string) => boolean) | undefined;
  readonly #target: string;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = target;
    // A client that was busy for the usual five seconds would send into a connection that is being closed.
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) =>
      this.#forward(incoming, outgoing),
    );
  }

  static async before(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // The Host header is kept: it is what the request was signed for.
    const { method = 'GET', url = '/', headers } = incoming;
    if (this.block?.(url) === true) return void incoming.socket.destroy();
    const onward = request(this.#target + url, { method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => this.#answer(outgoing, answer, { method, path: url, body: Buffer.concat(parts) }));
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  #answer(outgoing: ServerResponse, answer: IncomingMessage, sent: Omit<Exchange, 'status'>): void {
    const exchange = { ...sent, status: answer.statusCode ?? 0 };
    this.seen.push(exchange);
    const body = this.tamper?.(exchange) ?? exchange.body;
    if (body === 'lost') return void outgoing.destroy();
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    outgoing.writeHead(exchange.status, { ...headers, 'content-length': body.length });
    outgoing.end(body);
  }
}
