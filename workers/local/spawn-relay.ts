import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from './local-cluster.ts';
import { LocalRelayError, type LocalRelayProblem } from './local-relay-error.ts';
import { isClone, packageRoot } from './package-root.ts';
import { waitUntilRefused } from './ports.ts';
import { identifyProcess } from './process-identity.ts';
import type { WorkerBundle } from './worker-bundle.ts';

/** What the child is told: those options of `startLocalRelay` that are data. */
export interface ChildOptions {
  readonly folder: string;
  readonly port: number;
  readonly host?: string;
  readonly name?: string;
  /** Secrets that its nodes name come from the environment, which the child has from its parent. */
  readonly cluster?: LocalCluster;
  readonly bundle?: WorkerBundle;
  readonly policies?: 'isolates' | 'bundled';
  readonly limits?: 'local' | 'deployed';
  readonly variables?: Readonly<Record<string, string>>;
  readonly inspectorPort?: number;
}

interface Ready {
  readonly kind: 'ready';
  readonly url: string;
  readonly port: number;
  readonly name: string;
  readonly publicKey: string;
  readonly runtimePid: number;
}

export type ChildMessage = Ready | { readonly kind: 'failed'; readonly problem: LocalRelayProblem };

/** A relay in a process group of its own. */
export interface SpawnedRelay {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly name: string;
  /** Of the checkpoint key, base64url without padding. */
  readonly publicKey: string;
  /** Of the launcher, which leads the process group. */
  readonly pid: number;
  /** Of the workerd that it started with. */
  readonly runtimePid: number;
  /** SIGKILL to launcher and workerd at once; resolves when both are gone and the port refuses. */
  kill(): Promise<void>;
  /** An orderly end; resolves when both are gone. */
  stop(): Promise<void>;
}

/** How long a killed process may take to be gone. */
const GONE_MS = 10_000;

/**
 * Runs a relay in a process of its own, which can be killed with all it started as a power failure would. It ends with
 * its parent. Throws what `startLocalRelay` does.
 */
export async function spawnRelay(options: ChildOptions): Promise<SpawnedRelay> {
  const child = fork(childProgram(), { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  const lastWords = collect(child);
  child.send(options);
  const answer = await Promise.race([
    once(child, 'message').then(([message]) => message as ChildMessage),
    once(child, 'exit').then(() => failedWith(lastWords())),
  ]);
  if (answer.kind === 'failed') throw new LocalRelayError(answer.problem);
  const { kind: _, ...ready } = answer;
  const pid = child.pid as number;
  const gone = () => waitUntilGone(child, ready.runtimePid);
  return {
    ...ready,
    pid,
    kill: async () => {
      signal(-pid, 'SIGKILL');
      await gone();
      await waitUntilRefused(ready.port, new URL(ready.url).hostname, GONE_MS);
    },
    stop: async () => {
      signal(pid, 'SIGTERM');
      await gone();
    },
  };
}

/** In a clone the source itself; in the published package its bundle. */
function childProgram(): string {
  const root = packageRoot();
  return isClone(root) ? join(root, 'workers/local/relay-child.ts') : join(root, 'dist/workers/local/relay-child.js');
}

/** What the child writes to its standard error: nothing, unless it fails in a way that it has no message for. */
function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4096)));
  return () => text;
}

function failedWith(output: string): ChildMessage {
  return { kind: 'failed', problem: { code: 'start-failed', cause: output.trim() || 'its process ended' } };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

async function waitUntilGone(child: ChildProcess, runtimePid: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const end = Date.now() + GONE_MS;
  while (identifyProcess(runtimePid) !== undefined) {
    if (Date.now() > end) throw new Error(`workerd ${runtimePid} does not end`);
    await sleep(10);
  }
}
