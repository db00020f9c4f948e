import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { SpawnedRelay } from '../../workers/local.ts';

/** How a `terachat` of somebody in the demo ended. */
export interface Run {
  readonly exitCode: number;
  /** The documents that it printed. */
  readonly documents: readonly Document[];
  /** The code of the error that it printed, if it failed. */
  readonly error: string | undefined;
  readonly message: string;
}

export type Document = Readonly<Record<string, unknown>>;

/** The demo's own folder, relay and processes, and the promise that none of them outlives it. */
export class Stage {
  readonly folder: string;
  readonly #signal: AbortSignal;
  readonly #running = new Set<ChildProcess>();
  #relay: SpawnedRelay | undefined;
  #port = 0;

  private constructor(folder: string, signal: AbortSignal) {
    this.folder = folder;
    this.#signal = signal;
    // Ctrl-C reaches them by itself; what a supervisor says, and the end of a pipe, the demo alone.
    signal.addEventListener('abort', () => this.#endRuns());
  }

  static async set(signal: AbortSignal): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'terachat-demo-')), signal);
  }

  get relay(): SpawnedRelay {
    if (this.#relay === undefined) throw new Error('the relay is not running');
    return this.#relay;
  }

  /** Where the relay keeps everything. */
  get relayFolder(): string {
    return join(this.folder, 'relay');
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Starts the relay, the second time on the port and with the state of the first. */
  async startRelay(): Promise<SpawnedRelay> {
    const { spawnRelay } = await import('../../workers/local.ts');
    this.#signal.throwIfAborted();
    this.#relay = await spawnRelay({ folder: this.relayFolder, port: this.#port });
    this.#port = this.#relay.port;
    return this.#relay;
  }

  /** SIGKILL to everything that the relay is made of. */
  async killRelay(): Promise<void> {
    const { relay } = this;
    this.#relay = undefined;
    await relay.kill();
  }

  /** Runs `terachat` in a process of its own, as one of the people. */
  async run(person: string, ...args: string[]): Promise<Run> {
    this.#signal.throwIfAborted();
    const program = [process.argv[1] as string, ...args, '--json', '--profile', person];
    const env = { ...process.env, TERACHAT_HOME: this.file('people') };
    const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const [out, err, exitCode] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
    this.#running.delete(child);
    this.#signal.throwIfAborted();
    return { exitCode, documents: exitCode === 0 ? parseOutput(out) : [], ...parseError(err) };
  }

  /** As `run`, for what must succeed; gives the last document. */
  async ask(person: string, ...args: string[]): Promise<Document> {
    const { exitCode, documents, message } = await this.run(person, ...args);
    if (exitCode !== 0) throw new Error(`terachat ${args.join(' ')} (${person}) ended with ${exitCode}: ${message}`);
    return documents.at(-1) ?? {};
  }

  /** Ends every process of the demo; `keep` leaves its folder for a look. */
  async clear({ keep }: { readonly keep: boolean }): Promise<void> {
    this.#endRuns();
    await this.#relay?.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  #endRuns(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

function parseOutput(text: string): readonly Document[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Document);
}

function parseError(text: string): Pick<Run, 'error' | 'message'> {
  const [, line] = /^(\{"error":.*\})$/m.exec(text) ?? [];
  if (line === undefined) return { error: undefined, message: text.trim() };
  const { error } = JSON.parse(line) as { error: { code: string; message: string } };
  return { error: error.code, message: error.message };
}
