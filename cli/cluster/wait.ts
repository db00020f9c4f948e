import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../core/index.ts';
import type { ClusterTools } from './operator.ts';

const LOOK_EVERY_MS = 250;
/** Without any change for so long, nothing more will come. */
const STALLED_MS = 60_000;

/** Looks until it holds, and returns the last look: also where nothing changed any more. */
export async function waitFor(
  tools: Pick<ClusterTools, 'status' | 'signal'>,
  holds: (status: ClusterStatus) => boolean,
): Promise<ClusterStatus> {
  let before = '';
  let changedAt = Date.now();
  for (;;) {
    const now = await tools.status();
    if (holds(now)) return now;
    const fingerprint = JSON.stringify([now.backlog, now.blobs, now.scrub, now.nodes]);
    if (fingerprint !== before) [before, changedAt] = [fingerprint, Date.now()];
    if (Date.now() - changedAt > STALLED_MS) return now;
    await sleep(LOOK_EVERY_MS, undefined, { signal: tools.signal });
  }
}

/** Whether the round is over and nothing waits for its repair but what these nodes lack. */
export function isSettled({ scrub, backlog, nodes }: ClusterStatus, dead: readonly string[] = []): boolean {
  const atDead = nodes.filter(({ name }) => dead.includes(name)).reduce((sum, { missing }) => sum + missing, 0);
  return scrub.finishedAt !== null && backlog <= atDead;
}
