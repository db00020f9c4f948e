import { RelayProblem, type Group, type TeraChatError } from '../sdk/index.ts';

/** How long reading may wait before somebody is told: a connection that is back at once is not worth a word. */
const QUIET_MS = 1_000;

/** `waiting`: the relay is there, and can't give for now what comes next. */
export type Connection = 'open' | 'waiting' | 'offline';

/** Tells when reading has not gone on for a while, and when it does again; the same once. Returns the way to end that. */
export function watchConnection(
  group: Pick<Group, 'onConnection'>,
  tell: (connection: Connection, words: string) => void,
): () => void {
  let told: Connection = 'open';
  let timer: NodeJS.Timeout | undefined;
  const stop = group.onConnection((isOpen, cause) => {
    clearTimeout(timer);
    const connection = isOpen ? 'open' : connectionBy(cause);
    if (connection === told) return;
    const announce = (): void => {
      told = connection;
      tell(connection, describe(connection, cause));
    };
    if (isOpen) announce();
    else timer = setTimeout(announce, QUIET_MS);
  });
  return () => {
    clearTimeout(timer);
    stop();
  };
}

function connectionBy(cause: TeraChatError | undefined): Connection {
  return cause instanceof RelayProblem && cause.code === 'payload-unavailable' ? 'waiting' : 'offline';
}

function describe(connection: Connection, cause: TeraChatError | undefined): string {
  switch (connection) {
    case 'open':
      return 'connected again';
    case 'waiting':
      return `what was said next is out of reach: ${nodesOf(cause)}; trying again`;
    case 'offline':
      return 'the relay can’t be reached; trying again';
  }
}

function nodesOf(cause: TeraChatError | undefined): string {
  const { needed, found } = cause instanceof RelayProblem ? cause.details : {};
  const isKnown = typeof needed === 'string' && typeof found === 'string';
  return isKnown ? `it takes ${needed} storage nodes, and ${found} answer` : 'too few storage nodes answer';
}
