import { join } from 'node:path';
import type { ClusterStatus } from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { formatBytes } from '../format-bytes.ts';
import { Damage } from './damage.ts';
import { DrillBlobs } from './drill-blobs.ts';
import type { ClusterTools } from './operator.ts';
import { isSettled, persist, waitFor } from './wait.ts';

export interface DrillOptions {
  readonly kill: number;
  readonly corrupt: number;
  readonly undo?: true;
}

/** The last line of a drill, for programs. */
interface DrillReport {
  readonly ok: boolean;
  /** All that lay in the cluster, and its bytes. */
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that could not be read while the damage lasted, or after the repair. */
  readonly lost: number;
  /** Shards that were made anew. */
  readonly repaired: number;
}

/**
 * Damages a local relay from outside while it runs, and finds out whether that cost anything. Nodes that are killed come back with
 * empty disks, so that all they had has to be made anew. Where something is lost meanwhile, the drill puts back what it took.
 */
export async function drill(tools: ClusterTools, options: DrillOptions): Promise<void> {
  const { folder, output } = tools;
  if (folder === undefined) {
    throw new Failure('usage', 'no-local-drill', 'A drill is for a relay on this machine.', 'Leave out --remote.');
  }
  const damage = await drillDamage(folder);
  const wasCutOff = damage.isLeft;
  damage.restore();
  if (options.undo === true) {
    const text = wasCutOff ? 'What the drill took away is back.' : 'No drill was cut off here.';
    return output.result({ undone: wasCutOff }, text);
  }
  if (wasCutOff) output.note('An earlier drill was cut off. What it took away is back.');
  output.note('Getting ready: writing blobs where there are none, and reading all that is there …');
  const blobs = await DrillBlobs.open(tools, folder);
  try {
    if (blobs.count === 0) await blobs.write();
    const report = await play(tools, { blobs, damage, ...options });
    const { ok, lost, repaired } = report;
    const found = `${report.blobs} blobs, ${formatBytes(report.bytes)}; ${repaired} shards repaired, ${lost} blobs lost`;
    output.result({ ...report }, `${ok ? 'drill ok' : 'drill failed'}: ${found}`);
    if (!ok) throw pastBound(report, options);
  } finally {
    if (damage.isLeft) {
      damage.restore();
      output.note(BACK_UNREAD);
    }
    await blobs.close();
  }
}

const BACK_UNREAD =
  'Everything that the drill took away is back. A node counts as losing until it was read again: terachat cluster scrub';

/** What a drill does to the relay of a folder; left there is what one took that was cut off, or is at work. */
export async function drillDamage(folder: string): Promise<Damage> {
  const { nodeFolder } = await import('../../workers/local.ts');
  return new Damage(join(folder, 'drill-kept'), (node) => nodeFolder(folder, node));
}

interface Scene extends DrillOptions {
  readonly blobs: DrillBlobs;
  readonly damage: Damage;
}

async function play(tools: ClusterTools, { blobs, damage, kill, corrupt }: Scene): Promise<DrillReport> {
  const { output } = tools;
  const before = await settle(tools);
  const victims = chooseNodes(before, kill + corrupt);
  const [dead, lying] = [victims.slice(0, kill), victims.slice(kill)];
  for (const node of dead) damage.kill(node);
  for (const node of lying) damage.corrupt(node);
  output.note(
    `Killed: ${dead.join(', ') || 'none'}. Corrupted: ${lying.join(', ') || 'none'}. Reading everything back …`,
  );
  const unread = await blobs.countUnreadable();
  const damaged = await settle(tools, dead);
  const lost = Math.max(unread, damaged.blobs.lost);
  if (lost > 0) {
    damage.restore();
    await settle(tools);
    return reportOf(before, await tools.status(), lost);
  }
  output.note(
    `All of it was read. ${dead.length > 0 ? 'The dead come back with empty disks; repairing' : 'Repairing'} …`,
  );
  for (const node of dead) damage.revive(node);
  const repaired = await settle(tools);
  const left = Math.max(await blobs.countUnreadable(), repaired.blobs.lost);
  const isWhole = repaired.backlog === 0 && left === 0;
  if (isWhole) damage.forget();
  return { ...reportOf(before, repaired, left), ok: isWhole };
}

/** A round of reading everything, with all repairs that follow from it but those at these nodes. */
async function settle(tools: ClusterTools, dead: readonly string[] = []): Promise<ClusterStatus> {
  await persist(() => tools.scrub(), tools.signal);
  return waitFor(tools, (status) => isSettled(status, dead) || status.blobs.lost > 0);
}

/** Of those whose files are on this machine: what other nodes have is out of a drill's reach. */
function chooseNodes({ nodes }: ClusterStatus, count: number): readonly string[] {
  const local = nodes.filter(({ kind, state, health }) => kind === 'r2' && state === 'active' && health === 'up');
  if (count <= local.length) return local.slice(0, count).map(({ name }) => name);
  throw new Failure('usage', 'too-many-nodes', `Only ${local.length} nodes of this machine are active and up.`);
}

function reportOf(before: ClusterStatus, after: ClusterStatus, lost: number): DrillReport {
  const { blobs, bytes } = after.blobs;
  return { ok: lost === 0, blobs, bytes, lost, repaired: after.blobs.repaired - before.blobs.repaired };
}

function pastBound({ lost }: DrillReport, { kill, corrupt }: DrillOptions): Failure {
  const message = `${lost} blobs could not be read with ${kill} nodes dead and ${corrupt} corrupted: that is past the bound.`;
  return new Failure('failed', 'past-bound', message, 'Everything that the drill took away is back.');
}
