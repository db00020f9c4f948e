import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Running, Terminal } from './terminal.ts';

/** A demo that makes its folder where the test can find it. */
export interface Demo extends Running {
  /** What is left where demos make their folders. */
  folders(): string[];
}

/** Starts `npm run demo`, or any other line, in a terminal. */
export function startDemo(terminal: Terminal, line = 'npm run -s demo'): Demo {
  const place = join(terminal.home, 'tmp');
  mkdirSync(place, { recursive: true });
  const running = terminal.shell(line, { env: { TMPDIR: place } });
  const folders = () => {
    const names = readdirSync(place).filter((name) => name.startsWith('terachat-demo-'));
    return names.map((name) => join(place, name));
  };
  return { ...running, folders };
}
