import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'cli/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A program that runs until it ends by itself or is told to. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Waits for a text on its standard output; gives everything printed so far. */
  until(text: string): Promise<string>;
}

/** A person's machine for one test: a home of its own, and the programs started on it. */
export class Terminal {
  readonly home = mkdtempSync(join(tmpdir(), 'terachat-cli-'));
  readonly #running: ChildProcess[] = [];

  start(...args: string[]): Running {
    return this.#spawn(process.execPath, [MAIN, ...args]);
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** A line as somebody copies it from the screen. */
  shell(line: string): Promise<Ended> {
    return this.#spawn('sh', ['-c', line]).ended;
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  #spawn(program: string, args: readonly string[]): Running {
    const env = { ...process.env, TERACHAT_HOME: join(this.home, 'people') };
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.push(child);
    let out = '';
    let err = '';
    let wake = (): void => undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        resolve({ code, out, err });
        wake();
      });
    });
    const until = async (text: string): Promise<string> => {
      while (!out.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended before '${text}': ${out}${err}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return out;
    };
    return { process: child, ended, until };
  }
}
