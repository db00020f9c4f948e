import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems hand out by themselves, and above what services are known by. */
const FIRST_PORT = 10_000;
const PORTS = 20_000;
/** Processes with numbers near each other begin to look so far apart that none comes to the ports of another. */
const PORTS_OF_A_PROCESS = 400;

let next = 0;

/**
 * A free port that the system gives to nobody who asks for any, not even to the near end of a connection: it is free again where a
 * relay was stopped and another is to be started in its place.
 */
export async function steadyPort(): Promise<number> {
  for (let tried = 0; tried < PORTS_OF_A_PROCESS; tried++) {
    const port = FIRST_PORT + ((process.pid * PORTS_OF_A_PROCESS + next++) % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error('there is no free port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  const outcome = await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined);
  if (outcome === undefined || !server.listening) return false;
  server.close();
  await once(server, 'close');
  return true;
}
