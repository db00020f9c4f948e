import { useSha256, useVerifyBatch, type Sha256, type SyncVerifyBatch, type VerifyBatch } from '../core/index.ts';
import { UsageError } from './errors.ts';
import { actorSigner, type ActorSigner } from './actor-signer.ts';
import { webVerifyBatch } from './web-verify-batch.ts';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The part of the WebSocket interface that is used; the platform's own and those of Node packages have it. */
export interface WebSocketLike {
  binaryType: string;
  /** Queues one binary frame. */
  send(data: Uint8Array<ArrayBuffer>): void;
  /** Ends the socket; calling it again does nothing. */
  close(code?: number, reason?: string): void;
  /** Calls `listener` for each event of the type, in order. */
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void;
}

/** The part of the events that is used: `data` of a message, `code` and `reason` of a close. */
export interface WebSocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

/** Opens a socket; `url` begins with ws: or wss:. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What a session takes from where it runs. Everything has a default in browsers, workerd and current Node. */
export interface PlatformOptions {
  readonly fetch?: Fetch;
  readonly webSocket?: WebSocketConstructor;
  /** Ms since the Unix epoch. */
  readonly now?: () => number;
  /** Resolves after `ms`; rejects with the signal's reason if that comes first. */
  readonly delay?: Platform['delay'];
  /** Verifies Ed25519 by the cofactorless equation; the rest of the admission rule is checked around it. */
  readonly verifyBatch?: VerifyBatch;
  /** The same, at once: for signatures inside events, which are slow without it. It serves the whole program from here on. */
  readonly verifyAtOnce?: SyncVerifyBatch;
  /** A SHA-256 that is faster than the portable one; it serves the whole program from here on. */
  readonly sha256?: Sha256;
  /** Signs for a 32-byte seed. */
  readonly makeSigner?: (seed: Uint8Array) => ActorSigner;
}

export interface Platform {
  readonly fetch: Fetch;
  readonly now: () => number;
  readonly verifyBatch: VerifyBatch;
  readonly makeSigner: (seed: Uint8Array) => ActorSigner;
  randomBytes(length: number): Uint8Array;
  openSocket(url: string): WebSocketLike;
  /** Resolves after `ms`; rejects with the signal's reason if that comes first. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

export function platformOf(options: PlatformOptions): Platform {
  if (options.sha256 !== undefined) useSha256(options.sha256);
  if (options.verifyAtOnce !== undefined) useVerifyBatch(options.verifyAtOnce);
  return {
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    now: options.now ?? (() => Date.now()),
    verifyBatch: options.verifyBatch ?? webVerifyBatch(),
    makeSigner: options.makeSigner ?? actorSigner,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    openSocket: (url) => new (options.webSocket ?? globalWebSocket())(url),
    delay: options.delay ?? delay,
  };
}

function globalWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketConstructor };
  if (WebSocket === undefined) throw new UsageError('no-web-socket', 'this platform has no WebSocket');
  return WebSocket;
}

function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
