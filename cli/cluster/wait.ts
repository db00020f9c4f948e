import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../core/index.ts';
import { NetworkError } from '../../sdk/index.ts';
import { TerminalLine } from '../terminal-line.ts';
import type { ClusterTools } from './operator.ts';
import { viewProgress } from './status-view.ts';

const LOOK_EVERY_MS = 250;
/** Without any change for so long, nothing more will come. */
const STALLED_MS = 60_000;
/** While a round goes on a chain may read for long before it reports. */
const STALLED_ROUND_MS = 900_000;

/** Looks until it holds, and returns the last look: also where nothing changed any more. A terminal shows how far it is. */
export async function waitFor(
  tools: Pick<ClusterTools, 'status' | 'signal' | 'output'>,
  holds: (status: ClusterStatus) => boolean,
): Promise<ClusterStatus> {
  const line = new TerminalLine(tools.output.isJson);
  try {
    let before = '';
    let changedAt = Date.now();
    for (;;) {
      const now = await persist(() => tools.status(), tools.signal);
      if (holds(now)) return now;
      line.show(viewProgress(now));
      const fingerprint = JSON.stringify([now.backlog, now.blobs, now.scrub, now.nodes]);
      if (fingerprint !== before) [before, changedAt] = [fingerprint, Date.now()];
      const patience = now.scrub.finishedAt === null ? STALLED_ROUND_MS : STALLED_MS;
      if (Date.now() - changedAt > patience) return now;
      await sleep(LOOK_EVERY_MS, undefined, { signal: tools.signal });
    }
  } finally {
    line.end();
  }
}

/** For what may be asked twice: a relay that does not answer may be busy with what is waited for. */
export async function persist<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const since = Date.now();
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof NetworkError) || Date.now() - since > STALLED_MS) throw cause;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

/** Whether the round is over and nothing waits for its repair but what these nodes lack. */
export function isSettled({ scrub, backlog, nodes }: ClusterStatus, dead: readonly string[] = []): boolean {
  const atDead = nodes.filter(({ name }) => dead.includes(name)).reduce((sum, { missing }) => sum + missing, 0);
  return scrub.finishedAt !== null && backlog <= atDead;
}

/** Whether every blob has left the node, so that it can be taken away. */
export function isDrained({ nodes }: ClusterStatus, node: string): boolean {
  return nodes.some(({ name, state }) => name === node && state === 'drained');
}

/**
 * Whether a node that does not answer has nothing any more that is not elsewhere too. It can't delete what moves left behind there, and
 * is drained only once the configuration does not name it (`CR6`).
 */
export function isGivenUp({ nodes, scrub, toMove }: ClusterStatus, node: string): boolean {
  const dead = nodes.find(({ name, state, health }) => name === node && state === 'draining' && health === 'down');
  return dead?.shards === 0 && toMove === 0 && scrub.finishedAt !== null;
}
