import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../core/index.ts';
import { NetworkError } from '../../sdk/index.ts';
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
    const now = await look(tools, changedAt);
    if (now === undefined) continue;
    if (holds(now)) return now;
    const fingerprint = JSON.stringify([now.backlog, now.blobs, now.scrub, now.nodes]);
    if (fingerprint !== before) [before, changedAt] = [fingerprint, Date.now()];
    if (Date.now() - changedAt > STALLED_MS) return now;
    await sleep(LOOK_EVERY_MS, undefined, { signal: tools.signal });
  }
}

/** Undefined where the relay did not answer this time: it may be busy with what is waited for. */
async function look(
  { status, signal }: Pick<ClusterTools, 'status' | 'signal'>,
  changedAt: number,
): Promise<ClusterStatus | undefined> {
  try {
    return await status();
  } catch (cause) {
    if (!(cause instanceof NetworkError) || Date.now() - changedAt > STALLED_MS) throw cause;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    return undefined;
  }
}

/** Whether the round is over and nothing waits for its repair but what these nodes lack. */
export function isSettled({ scrub, backlog, nodes }: ClusterStatus, dead: readonly string[] = []): boolean {
  const atDead = nodes.filter(({ name }) => dead.includes(name)).reduce((sum, { missing }) => sum + missing, 0);
  return scrub.finishedAt !== null && backlog <= atDead;
}
