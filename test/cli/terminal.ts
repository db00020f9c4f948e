import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { runAt } from './run-cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'cli/main.ts');

/** What starts a relay or looks at the installation runs from the sources, as in a clone. */
const FROM_SOURCES: ReadonlySet<string | undefined> = new Set(['serve', 'demo', 'doctor']);

/** These start processes, and end with them. */
const LASTING: ReadonlySet<string | undefined> = new Set(['serve', 'demo']);

/** How long processes may take to end on a slow machine. */
const ENDING_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export type Document = Readonly<Record<string, unknown>>;

/** A program that runs until it ends by itself or is told to. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Waits for a text on its standard output; gives everything printed so far. */
  until(text: string): Promise<string>;
  /** Ctrl-C, which reaches all that runs in the foreground. */
  interrupt(): void;
  /** The terminal is closed, which reaches as much. */
  hangUp(): void;
  /** As a crash ends it. */
  kill(): void;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that somebody types to. */
export interface Talking extends Running {
  say(line: string): void;
  /** As Ctrl-D or the end of a pipe. */
  endInput(): void;
}

/** A person's machine for one test: a home of its own, and the programs started on it. */
export class Terminal {
  readonly home = mkdtempSync(join(tmpdir(), 'terachat-cli-'));
  readonly #running: ChildProcess[] = [];

  start(...args: string[]): Running {
    return this.#spawn(process.execPath, [mainFor(args), ...args]);
  }

  /** Starts what reads its standard input as it comes. */
  talk(...args: string[]): Talking {
    const child = this.#launch(process.execPath, [mainFor(args), ...args], { isTyped: true });
    return {
      ...watch(child),
      say: (line) => void child.stdin?.write(`${line}\n`),
      endInput: () => void child.stdin?.end(),
    };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** As `run`, without a process of its own: for what a command says and does, where it is not the process that is tested. */
  async here(...args: string[]): Promise<Ended> {
    if (LASTING.has(args[0])) return this.run(...args);
    const { exit: code, ...said } = await runAt(this.#people, args);
    return { code, ...said };
  }

  runWith(options: RunOptions, ...args: string[]): Promise<Ended> {
    return this.#spawn(process.execPath, [mainFor(args), ...args], options).ended;
  }

  /** Runs here with `--json` what must succeed; gives the documents, one a line. */
  async documents(...args: string[]): Promise<Document[]> {
    const { code, out, err } = await this.here(...args, '--json');
    if (code !== 0) throw new Error(`terachat ${args.join(' ')} ended with ${code}: ${err}`);
    return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Document]));
  }

  /** As `documents`, for what prints exactly one. */
  async ask(...args: string[]): Promise<Document> {
    const [document, ...others] = await this.documents(...args);
    if (document === undefined || others.length > 0) throw new Error(`${others.length + 1} documents came`);
    return document;
  }

  /** Runs here with `--json` what must fail, with nothing but one JSON error on standard error. */
  async refusal(...args: string[]): Promise<Document & { readonly exit: number | null }> {
    const { code, out, err } = await this.here(...args, '--json');
    if (code === 0 || out !== '') throw new Error(`terachat ${args.join(' ')} printed ${out}`);
    const { error } = JSON.parse(err) as { error: Document };
    return { exit: code, ...error };
  }

  /** A line as somebody copies it from the screen. */
  shell(line: string, options: RunOptions = {}): Running {
    return this.#spawn('sh', ['-c', line], options);
  }

  /** Processes of this machine that were started from here, by their environment; relays and their workerd too. */
  processes(): number[] {
    const mark = `TERACHAT_HOME=${this.#people}`;
    return environments().flatMap(({ pid, environment }) => (environment.includes(mark) ? [pid] : []));
  }

  /** Waits until nothing is left of what was started here. */
  async untilNothingRuns(): Promise<void> {
    for (let waited = 0; waited < ENDING_MS; waited += 50) {
      if (this.processes().length === 0) return;
      await sleep(50);
    }
    throw new Error(`still running: ${this.processes().join(', ')}`);
  }

  close(): void {
    for (const child of this.#running) signalGroup(child, 'SIGKILL');
    for (const pid of this.processes()) signal(pid, 'SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  get #people(): string {
    return join(this.home, 'people');
  }

  #spawn(program: string, args: readonly string[], options: RunOptions = {}): Running {
    const child = this.#launch(program, args, { ...options, isTyped: options.input !== undefined });
    child.stdin?.end(options.input);
    return watch(child);
  }

  #launch(
    program: string,
    args: readonly string[],
    { isTyped, env = {} }: { readonly isTyped: boolean } & Pick<RunOptions, 'env'>,
  ): ChildProcess {
    const child = spawn(program, args, {
      cwd: ROOT,
      // A group of its own, as a shell gives to what it runs.
      detached: true,
      env: { ...process.env, TERACHAT_HOME: this.#people, ...env },
      stdio: [isTyped ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    return child;
  }
}

let bundled: string | undefined;

function mainFor([command]: readonly string[]): string {
  return FROM_SOURCES.has(command) ? MAIN : bundledMain();
}

/** The path of the command as one program in few files. */
export function bundledMain(): string {
  return (bundled ??= bundleCommand());
}

/**
 * The command in few files, as the package has it, since the four hundred of the sources take each start longer than what is
 * tested. Made once in each process of the tests, under a name that the next run finds in Node's compile cache.
 */
function bundleCommand(): string {
  const outdir = join(ROOT, 'node_modules/.cache', `terachat-cli-${process.env['VITEST_POOL_ID'] ?? 0}`);
  buildSync({
    entryPoints: [MAIN],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Node looks into a .js file of no package for what kind it is, at every start.
    outExtension: { '.js': '.mjs' },
    external: ['miniflare', 'wrangler', 'esbuild'],
    // It finds what lies beside the sources, and names itself as they do.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(MAIN).href) },
    banner: {
      js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(process.argv[1]);",
    },
    logLevel: 'error',
  });
  return join(outdir, 'main.mjs');
}

function watch(child: ChildProcess): Running {
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((look) => look());
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    wake();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, out, err });
      wake();
    });
  });
  const until = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const isThere = out.includes(text);
        const isOver = child.exitCode !== null || child.signalCode !== null;
        if (!isThere && !isOver) return;
        waiting.delete(look);
        if (isThere) resolve(out);
        else reject(new Error(`ended before '${text}' came: ${out}${err}`));
      };
      waiting.add(look);
      look();
    });
  return {
    pid: child.pid as number,
    ended,
    until,
    interrupt: () => signalGroup(child, 'SIGINT'),
    hangUp: () => signalGroup(child, 'SIGHUP'),
    kill: () => child.kill('SIGKILL'),
  };
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  signal(-(pid as number), name);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // All of it is gone, perhaps since it was looked for.
  }
}

interface Environment {
  readonly pid: number;
  readonly environment: string;
}

/** Of every process that may be looked at. A zombie has none. */
function environments(): Environment[] {
  if (process.platform !== 'linux') return environmentsByPs();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => ({ pid: Number(pid), environment: environmentOnLinux(pid) }));
}

function environmentOnLinux(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

/** A BSD `ps` shows the environment behind the command. */
function environmentsByPs(): Environment[] {
  const { stdout } = spawnSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 67_108_864 });
  return stdout.split('\n').map((line) => ({ pid: Number.parseInt(line), environment: line }));
}
