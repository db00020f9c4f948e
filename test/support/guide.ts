import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fileOf, parsePage, type Fence } from '../../scripts/docs/markdown.ts';

const root = join(import.meta.dirname, '../..');

/** A program of a guide that runs until its input ends. */
export interface Running {
  say(line: string): void;
  /** Resolves with all that was printed, once it holds `text`. */
  until(text: string): Promise<string>;
  /** Ends its input and resolves with all that was printed, once it has ended by itself. */
  end(): Promise<string>;
}

/** The programs of a guide in a folder, written from its very blocks, in a package that stands for the published one. */
export class Guide {
  readonly folder: string;
  readonly fences: readonly Fence[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #running = new Set<ReturnType<typeof spawn>>();

  private constructor(folder: string, fences: readonly Fence[], relayUrl: string) {
    this.folder = folder;
    this.fences = fences;
    const cache = join(root, 'node_modules/.cache/guides');
    this.#environment = { ...process.env, RELAY: relayUrl, NODE_COMPILE_CACHE: cache };
  }

  static async open(name: string, relayUrl = ''): Promise<Guide> {
    const path = `docs/guides/${name}.md`;
    const { fences } = parsePage(path, await readFile(join(root, path), 'utf8'));
    const folder = await mkdtemp(join(tmpdir(), 'guide-'));
    // A package may import itself by its name: the sources take the place of what a build makes of them.
    const exports = { './core': './core/index.ts', './sdk': './sdk/index.ts', './sdk/node': './sdk/node/index.ts' };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'terachat-relay', type: 'module', exports }));
    for (const layer of ['core', 'sdk']) await symlink(join(root, layer), join(folder, layer));
    for (const { info, text } of fences) {
      const file = fileOf(info);
      if (file === undefined) continue;
      await mkdir(join(folder, dirname(file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    return new Guide(folder, fences, relayUrl);
  }

  /** A module of the guide, in this process. */
  import(file: string): Promise<unknown> {
    return import(join(this.folder, file)) as Promise<unknown>;
  }

  /** Runs a command as the guide prints it, with what stands in capitals there replaced, and gives what it printed. */
  run(command: string, replaced: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.node(...this.#argumentsOf(command, replaced));
  }

  async node(...words: readonly string[]): Promise<string> {
    return (await promisify(execFile)(process.execPath, words, this.#options)).stdout;
  }

  start(command: string): Running {
    const child = spawn(process.execPath, this.#argumentsOf(command, {}), this.#options);
    this.#running.add(child);
    let printed = '';
    const changes = new Set<() => void>();
    const take = (chunk: Buffer): void => {
      printed += chunk.toString();
      for (const change of changes) change();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const ended = new Promise<string>((resolve, reject) => {
      child.on('close', (code) => {
        if (code === 0) resolve(printed);
        else reject(new Error(`${command} ended with ${code}: ${printed}`));
      });
    });
    ended.catch(() => undefined);
    const holds = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (printed.includes(text)) resolve(printed);
        };
        changes.add(look);
        look();
      });
    return {
      say: (line) => child.stdin.write(`${line}\n`),
      until: (text) =>
        Promise.race([
          holds(text),
          ended.then((all) => {
            throw new Error(`${command} ended without "${text}": ${all}`);
          }),
        ]),
      end: () => {
        child.stdin.end();
        return ended;
      },
    };
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #options(): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
    return { cwd: this.folder, env: this.#environment };
  }

  #argumentsOf(command: string, replaced: Readonly<Record<string, string>>): string[] {
    const isTold = this.fences.some(({ language, text }) => language === 'sh' && text.split('\n').includes(command));
    if (!isTold) throw new Error(`the guide does not say: ${command}`);
    return command
      .split(' ')
      .slice(1)
      .map((word) => replaced[word] ?? word);
  }
}
