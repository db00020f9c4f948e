import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalRelayError } from './local-relay-error.ts';

/** Ports after a taken one that are tried before any other is suggested. */
const NEARBY_PORTS = 20;

/**
 * Throws `port-taken`, with a free port to suggest, and `address-unusable` where no other port would help, or this one is not for
 * everybody. 0 is always free: the system chooses.
 */
export async function requireFreePort(port: number, host: string): Promise<void> {
  const tried = await tryListen(port, host);
  if (tried.port !== undefined) return;
  if (tried.refused === 'EADDRINUSE') throw await portTaken(port, host);
  throw new LocalRelayError({ code: 'address-unusable', host, port, cause: tried.refused });
}

export async function portTaken(port: number, host: string): Promise<LocalRelayError> {
  for (let near = port + 1; near <= Math.min(port + NEARBY_PORTS, 65_535); near++) {
    if ((await tryListen(near, host)).port !== undefined)
      return new LocalRelayError({ code: 'port-taken', port, freePort: near });
  }
  return new LocalRelayError({ code: 'port-taken', port, freePort: (await tryListen(0, host)).port ?? 0 });
}

/** A port that nobody listens on, of the system's choice. */
export async function freePort(host: string): Promise<number> {
  const { port } = await tryListen(0, host);
  if (port === undefined) throw new Error(`there is no free port at ${host}`);
  return port;
}

/** Waits until nothing answers on a port; false when something still does after `limitMs`. */
export async function waitUntilRefused(port: number, host: string, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (await answers(port, host)) {
    if (Date.now() > end) return false;
    await sleep(10);
  }
  return true;
}

type Tried = { readonly port: number } | { readonly port?: undefined; readonly refused: string };

/** The port that could be listened on, for a moment, or why it could not, as the system calls it. */
function tryListen(port: number, host: string): Promise<Tried> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve({ refused: code }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve({ port: got }));
    });
  });
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
