import { join } from 'node:path';
import { steadyPort } from '../support/steady-port.ts';
import type { Running, Terminal } from './terminal.ts';

/** A relay that somebody serves from the command line. */
export interface Served extends Running {
  readonly url: string;
  readonly port: string;
  readonly greeting: string;
}

/** Serves from a folder of the terminal's home, on a port that it can have again unless one is named. */
export async function serve(terminal: Terminal, port?: string, folder = 'relay', ...more: string[]): Promise<Served> {
  const chosen = port ?? String(await steadyPort());
  const running = terminal.start('serve', '--port', chosen, '--data', join(terminal.home, folder), ...more);
  const greeting = await running.until('Ctrl-C stops; state is kept.');
  const url = /address +(\S+)/.exec(greeting)?.[1] ?? '';
  return { ...running, url, port: new URL(url).port, greeting };
}
