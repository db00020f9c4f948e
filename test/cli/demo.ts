import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundledMain, type Running, type Terminal } from './terminal.ts';

/** A demo that makes its folder where the test can find it. */
export interface Demo extends Running {
  /** What is left where demos make their folders. */
  folders(): string[];
}

/** The line that plays it from few files, where each person starts in a third of the time that the sources take. */
export function bundledDemo(): string {
  return `exec '${process.execPath}' '${bundledMain()}' demo`;
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
