/** The process that `spawnRelay` starts: one relay, its launcher and workerd in a process group of their own. */
import { startLocalRelay, type LocalRelay } from '../local.ts';
import { LocalRelayError } from './local-relay-error.ts';
import type { ChildMessage, ChildOptions } from './spawn-relay.ts';

let relay: LocalRelay | undefined;

process.once('message', (options: ChildOptions) => void start(options));
// A parent that is gone can't stop its relay any more.
process.once('disconnect', () => void end());
process.once('SIGTERM', () => void end());
process.once('SIGINT', () => void end());

async function start(options: ChildOptions): Promise<void> {
  try {
    relay = await startLocalRelay(options);
    const { url, port, name, publicKey, runtimePid } = relay;
    tell({ kind: 'ready', url, port, name, publicKey, runtimePid });
  } catch (cause) {
    const failure = cause instanceof LocalRelayError ? cause : undefined;
    tell({ kind: 'failed', problem: failure?.problem ?? { code: 'start-failed', cause: String(cause) } });
    process.exitCode = 1;
    process.disconnect();
  }
}

async function end(): Promise<void> {
  await relay?.stop();
  process.exit(0);
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}
