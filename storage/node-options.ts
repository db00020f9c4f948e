import { NODE_TIMEOUT_MS } from '../relay/index.ts';

/** What every node needs besides its own address. */
export interface NodeOptions {
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
  /** How long one whole answer may take; NODE_TIMEOUT_MS by default. */
  readonly timeoutMs?: number;
}

export function timeoutOf({ timeoutMs = NODE_TIMEOUT_MS }: NodeOptions): number {
  return timeoutMs;
}

/**
 * An address that others can't read or change on the way. Throws a TypeError for one that is neither https nor on this
 * machine: what goes there is signed, and is somebody's message.
 */
export function secureUrl(address: string): URL {
  const url = new URL(address);
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) {
    throw new TypeError(`${url.origin} is not an https address`);
  }
  return url;
}
