import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DAY_MS } from '../../core/index.ts';
import { LocalRelayError } from './local-relay-error.ts';
import { isClone, packageRoot } from './package-root.ts';

/** A folder that holds a bundled worker, with what wrangler.toml says of it. */
export interface WorkerBundle {
  readonly folder: string;
}

/** What Miniflare is told of the worker: wrangler's own reading of wrangler.toml, as `describe-worker.ts` writes it. */
export const OPTIONS_FILE = 'worker-options.json';
/** What went into the bundle: the account that wrangler's esbuild gives of it. */
export const INPUTS_FILE = 'worker-inputs.json';

/** Folders that end up in the relay's bundle. */
const SOURCES = ['core', 'relay', 'durable-objects', 'storage', 'migrations', 'workers/http', 'workers/relay'];
const SOURCE_FILES = ['wrangler.toml', 'package.json', 'package-lock.json', 'tsconfig.base.json'];
/** How it is bundled, which is as much a reason to do it anew. */
const BUNDLERS = ['workers/local/worker-bundle.ts', 'workers/local/describe-worker.ts'];
/** Bundles of older sources are kept for a day, for a relay that may be starting from one. */
const KEEP_MS = DAY_MS;

/** The relay: the bundle that ships, or in a clone one made from the sources, kept until they change. */
export async function relayBundle(): Promise<WorkerBundle> {
  const root = packageRoot();
  if (!isClone(root)) return { folder: join(root, 'dist', 'worker') };
  const cache = join(root, 'node_modules', '.cache', 'terachat-relay');
  const key = hashSources(root);
  const folder = join(cache, `worker-${key}`);
  if (existsSync(folder)) return { folder };
  const draft = join(cache, `draft-${randomUUID()}`);
  await buildWorker({ config: join(root, 'wrangler.toml'), folder: draft });
  dropOld(cache);
  // Sources that changed meanwhile may be half in the bundle: good enough to run once, not to be found again.
  if (hashSources(root) !== key) return { folder: draft };
  moveInto(draft, folder);
  return { folder };
}

interface WorkerSources {
  /** wrangler.toml */
  readonly config: string;
  readonly folder: string;
  /** In the place of its `main`, and of the same name. */
  readonly entry?: string | undefined;
}

/** Bundles the worker of a wrangler.toml into a folder, and beside it what Miniflare has to know. Throws `worker-not-built`. */
export async function buildWorker({ config, folder, entry }: WorkerSources): Promise<WorkerBundle> {
  mkdirSync(folder, { recursive: true });
  const describe = join(packageRoot(), 'workers', 'local', 'describe-worker.ts');
  const outputs = ['--outdir', folder, '--metafile', join(folder, INPUTS_FILE)];
  await Promise.all([
    runNode(config, [
      wranglerProgram(),
      'deploy',
      ...(entry === undefined ? [] : [entry]),
      '--dry-run',
      '--config',
      config,
      ...outputs,
    ]),
    runNode(config, [describe, config, join(folder, OPTIONS_FILE)]),
  ]);
  return { folder };
}

export function wranglerProgram(): string {
  return join(packageRoot(), 'node_modules', 'wrangler', 'bin', 'wrangler.js');
}

async function runNode(config: string, args: readonly string[]): Promise<void> {
  // Nothing is sent anywhere, and what wrangler has to say is shown only when it fails.
  const env = {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
  };
  try {
    await promisify(execFile)(process.execPath, args, { cwd: dirname(resolve(config)), env, maxBuffer: 16_777_216 });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new LocalRelayError({ code: 'worker-not-built', output: `${stdout}${stderr}`.trim() || String(cause) });
  }
}

function hashSources(root: string): string {
  const hash = createHash('sha256');
  for (const path of [
    ...[...SOURCE_FILES, ...BUNDLERS].map((file) => join(root, file)),
    ...SOURCES.flatMap((name) => filesIn(join(root, name))),
  ]) {
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    hash.update(`${relative(root, path)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Two processes may have built the same: the first one's stays. */
function moveInto(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (cause) {
    if (!existsSync(folder)) throw cause;
    rmSync(draft, { recursive: true, force: true });
  }
}

function dropOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    // A draft of another process may have got its name meanwhile.
    const madeAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - madeAt > KEEP_MS) rmSync(path, { recursive: true, force: true });
  }
}
