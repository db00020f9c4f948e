import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalRelayError } from './local-relay-error.ts';

/** Ports after a taken one that are tried before any other is suggested. */
const NEARBY_PORTS = 20;

/** Throws `port-taken`, with a free port to suggest. 0 is always free: the system chooses. */
export async function requireFreePort(port: number, host: string): Promise<void> {
  if (port !== 0 && (await tryListen(port, host)) === undefined) throw await portTaken(port, host);
}

export async function portTaken(port: number, host: string): Promise<LocalRelayError> {
  for (let near = port + 1; near <= Math.min(port + NEARBY_PORTS, 65_535); near++) {
    if ((await tryListen(near, host)) !== undefined)
      return new LocalRelayError({ code: 'port-taken', port, freePort: near });
  }
  return new LocalRelayError({ code: 'port-taken', port, freePort: (await tryListen(0, host)) ?? 0 });
}

/** A port that nobody listens on, of the system's choice. */
export async function freePort(host: string): Promise<number> {
  const port = await tryListen(0, host);
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

/** The port that could be listened on, for a moment; undefined where it could not. */
function tryListen(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(got));
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
