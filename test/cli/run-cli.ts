import { AsyncLocalStorage } from 'node:async_hooks';

/** What a command wrote, and its exit code. */
export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

type Written = Record<'out' | 'err', string>;

/** What the command that is running has written; several may run at once. */
const written = new AsyncLocalStorage<Written>();
let running = 0;
let release = (): void => undefined;

/** Runs a command in this process, where a new one tests no more: Node's start takes longer than what most commands do. */
export function runHere(...args: string[]): Promise<Said> {
  return runAt(process.env['TERACHAT_HOME'], args);
}

/** As `runHere`, with profiles in the folder `home`. Not for what is interrupted, killed or typed to. */
export async function runAt(home: string | undefined, args: readonly string[]): Promise<Said> {
  const { runCli } = await import('../../cli/cli.ts');
  const said: Written = { out: '', err: '' };
  if (++running === 1) release = captureStreams();
  try {
    const exit = await written.run(said, () => withHome(home, () => runCli(['node', 'terachat', ...args])));
    return { exit, ...said };
  } finally {
    if (--running === 0) release();
  }
}

/** Hands commands what they write, and lets all else through. */
function captureStreams(): () => void {
  const releases = (['out', 'err'] as const).map((name) => {
    const stream = process[`std${name}`];
    const { write } = stream;
    stream.write = (text: string | Uint8Array, ...more: never[]): boolean => {
      const said = written.getStore();
      if (said === undefined) return write.call(stream, text, ...more);
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
    return () => (stream.write = write);
  });
  return () => releases.forEach((undo) => undo());
}

/** A command reads its environment before it first waits. */
function withHome<T>(home: string | undefined, run: () => T): T {
  const before = process.env['TERACHAT_HOME'];
  setHome(home);
  try {
    return run();
  } finally {
    setHome(before);
  }
}

function setHome(home: string | undefined): void {
  if (home === undefined) delete process.env['TERACHAT_HOME'];
  else process.env['TERACHAT_HOME'] = home;
}
