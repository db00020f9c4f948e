import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** The platform's own words for a worker that is not there yet. */
const NO_WORKER = /\[code: 10007\]/;

/** The commands that touch an account. */
export class Wrangler {
  readonly #program: readonly string[];
  readonly #config: string;
  readonly #environment: readonly string[];

  constructor(program: readonly string[], config: string, environment?: string) {
    this.#program = program;
    this.#config = config;
    this.#environment = environment === undefined ? [] : ['--env', environment];
  }

  /**
   * Names of the worker's secrets; undefined where there is no worker yet. Throws at anything else: not to know whether
   * there is a key is no reason to make one.
   */
  async secrets(): Promise<readonly string[] | undefined> {
    const { code, stdout, stderr } = await this.#run(['secret', 'list', '--format', 'json']);
    if (code !== 0 && NO_WORKER.test(stdout + stderr)) return undefined;
    if (code !== 0) throw failure('secret list', stdout + stderr);
    return parseSecrets(stdout);
  }

  /** The value goes through standard input: arguments are seen by every process of the machine. */
  async setSecret(name: string, value: string): Promise<void> {
    const { code, stdout, stderr } = await this.#run(['secret', 'put', name], value);
    if (code !== 0) throw failure(`secret put ${name}`, `${stdout}${stderr}`.replaceAll(value, '…'));
  }

  /** `entry` takes the place of the configuration's `main`. */
  async deploy(entry?: string): Promise<string> {
    return (await this.run(entry === undefined ? ['deploy'] : ['deploy', entry])).trim();
  }

  /** Of a command that has to succeed, what it prints. */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#run(args);
    if (code !== 0) throw failure(args.join(' '), stdout + stderr);
    return stdout;
  }

  #run(args: readonly string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
    const [program = '', ...first] = this.#program;
    const child = spawn(program, [...first, ...args, ...this.#environment, '--config', this.#config], {
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_HIDE_BANNER: 'true',
        WRANGLER_WRITE_LOGS: 'false',
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    });
  }
}

/** Wrangler colours what it says also where nobody sees colours. */
function failure(command: string, output: string): Error {
  return new Error(`wrangler ${command}: ${stripVTControlCharacters(output).trim()}`);
}

/** Wrangler prints a list of `{name, type}` and nothing else; anything else is no list. */
function parseSecrets(stdout: string): readonly string[] {
  const parsed: unknown = JSON.parse(stdout);
  if (!Array.isArray(parsed)) throw new Error('wrangler secret list answered no list');
  return parsed.map((secret: unknown) => {
    const name = typeof secret === 'object' && secret !== null && 'name' in secret ? secret.name : undefined;
    if (typeof name !== 'string') throw new Error('wrangler secret list answered no list of names');
    return name;
  });
}
